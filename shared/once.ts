/** The same function, which computes the value of each key, or the only one, once and keeps it. */
export const once = <Key extends readonly [] | readonly [unknown], Value>(
  compute: (...key: Key) => Value,
): ((...key: Key) => Value) => {
  const known = new Map<unknown, { readonly value: Value }>()
  return (...key) => {
    const kept = known.get(key[0]) ?? { value: compute(...key) }
    known.set(key[0], kept)
    return kept.value
  }
}
