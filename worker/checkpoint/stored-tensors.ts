import { basename } from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { shown } from './faults.ts'

export type StoredDtype = 'F32' | 'F16' | 'BF16'

/** A tensor as it lies in a safetensors file. */
export interface StoredTensor {
  readonly key: string
  readonly dtype: StoredDtype
  readonly shape: readonly number[]
  /** Absolute path with symbolic links resolved (a Hub cache is made of them). */
  readonly file: string
  /** From the start of the file. */
  readonly offsetBytes: number
  readonly sizeBytes: number
}

/** A tensor of whole numbers, such as CLIP's `position_ids`: in many checkpoints, read by none of the networks. */
export interface IndexTensor {
  readonly dtype: string
  readonly file: string
}

export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly indexTensors: ReadonlyMap<string, IndexTensor>
}

/**
 * The map of the tensors that can be weights. Asking it for a tensor of whole numbers throws InvalidInputError:
 * "missing", which undefined would become, sends the reader looking for a file.
 */
export const refusingIndexTensors = ({
  tensors,
  indexTensors,
}: StoredTensors): ReadonlyMap<string, StoredTensor> => {
  if (indexTensors.size === 0) return tensors
  const get = (key: string): StoredTensor | undefined => {
    const refused = indexTensors.get(key)
    if (refused === undefined) return tensors.get(key)
    throw new InvalidInputError(
      `${basename(refused.file)}: ${shown(key)}`,
      `has dtype ${refused.dtype}; weights must be F32, F16 or BF16 (quantised checkpoints are not supported)`,
    )
  }
  return Object.defineProperty(new Map(tensors), 'get', { value: get })
}
