/** Returns a value that the SDK types as optional and the service always sends. Throws if the value is absent. */
export const answered = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw new Error(`the service answered without ${name}`)
  return value
}
