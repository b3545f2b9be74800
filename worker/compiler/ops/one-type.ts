import { GraphError } from '../graph/graph.ts'
import { haveOneType, type Value } from '../graph/value.ts'

/** Throws GraphError, naming each input with its type, unless all inputs of an op have one type. */
export const assertOneType = (op: string, inputs: readonly (Value | null)[]): void => {
  if (haveOneType(inputs)) return
  const types = inputs.flatMap((value) => (value === null ? [] : [`${value.name} is ${value.dtype}`]))
  throw new GraphError(`${op} needs inputs of one type: ${types.join(', ')}`)
}
