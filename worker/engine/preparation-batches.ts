import { bytesOf, type Value } from '../compiler/graph/value.ts'

/** Results computed at once; it bounds the memory that preparing takes. */
const BATCH_BYTES = 32 * 2 ** 20

/** Values that are computed together, in the given order. One that is larger than a batch has its own. */
export const preparationBatches = (values: readonly Value[]): readonly (readonly Value[])[] => {
  const batches: Value[][] = []
  let freeBytes = 0
  for (const value of values) {
    if (bytesOf(value) > freeBytes || batches.length === 0) {
      batches.push([])
      freeBytes = BATCH_BYTES
    }
    batches.at(-1)?.push(value)
    freeBytes -= bytesOf(value)
  }
  return batches
}
