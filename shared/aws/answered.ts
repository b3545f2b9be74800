/** What the SDK types as optional and the service always sends. Throws where it did not. */
export const answered = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw new Error(`the service answered without ${name}`)
  return value
}
