import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { elementCount } from '../../checkpoint/element-count.ts'
import { isWeightDtype, type StoredTensor } from '../../checkpoint/stored-tensors.ts'
import type { WeightTensor } from './weight-tensor.ts'

/** A place in a component's tree of tensors. Its path strings are the checkpoint's own keys. */
export interface Weights {
  readonly path: string
  at(...steps: readonly (string | number)[]): Weights
  /** Binds a tensor and checks its shape. Throws InvalidInputError if it is missing or of another shape. */
  tensor(name: string, shape: readonly number[]): WeightTensor
  /** A tensor that the reference reads and this program, by exact algebra, does not: known, checked, unused. */
  unused(name: string, shape: readonly number[]): void
}

/** The tensors of one component (`unet`, `vae`, `image_encoder`), and which of them were requested. */
export interface ComponentWeights {
  readonly root: Weights
  /** Count of parameters requested so far, each tensor once, unused ones included. */
  parameterCount(): number
  /** Bytes of the tensors bound so far, as stored. */
  sizeBytes(): number
  /** Whether nothing asked for some tensors so far. True for configs alone, which do not tell. */
  hasMore(ignore?: (key: string) => boolean): boolean
  /** Throws InvalidInputError naming the tensors nothing asked for. `ignore` lists keys known to have no effect. */
  assertNoneLeft(ignore?: (key: string) => boolean): void
}

const DTYPE = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const

/** Opens weights. If `tensors` is `null`, there are configs alone, and every tensor is taken to exist, in float16. */
export const openWeights = (
  component: string,
  tensors: ReadonlyMap<string, StoredTensor> | null,
): ComponentWeights => {
  const asked = new Map<string, { readonly elements: number; readonly bytes: number }>()

  const bind = (key: string, shape: readonly number[]): WeightTensor => {
    const stored = tensors?.get(key) ?? null
    if (tensors !== null && stored === null) {
      throw new InvalidInputError(
        `${component}: ${key}`,
        `this tensor is missing from the checkpoint (expected shape [${shape.join(', ')}]); ` +
          'the files do not match config.json: download the folder again, or check which variant it holds',
      )
    }
    const storedDtype = stored?.dtype ?? 'F16'
    if (!isWeightDtype(storedDtype)) {
      throw new InvalidInputError(
        `${component}: ${key}`,
        `has dtype ${storedDtype}; weights must be F32, F16 or BF16 (quantised checkpoints are not supported)`,
      )
    }
    const dtype = DTYPE[storedDtype]
    if (stored !== null) {
      const same =
        stored.shape.length === shape.length && stored.shape.every((size, axis) => size === shape[axis])
      if (!same) {
        throw new InvalidInputError(
          `${component}: ${key}`,
          `has shape [${stored.shape.join(', ')}], but config.json asks for [${shape.join(', ')}]; ` +
            'config and weights belong to different models',
        )
      }
    }
    asked.set(key, {
      elements: elementCount(shape),
      bytes: elementCount(shape) * (dtype === 'float32' ? 4 : 2),
    })
    return { key, dtype, shape, offsetBytes: 0, stored }
  }

  const scope = (path: string): Weights => {
    const keyOf = (name: string): string => (path === '' ? name : `${path}.${name}`)
    return {
      path,
      at: (...steps) => scope(keyOf(steps.join('.'))),
      tensor: (name, shape) => bind(keyOf(name), shape),
      unused: (name, shape) => {
        bind(keyOf(name), shape)
      },
    }
  }

  const leftBut = (ignore: (key: string) => boolean): readonly string[] =>
    [...(tensors?.keys() ?? [])].filter((key) => !asked.has(key) && !ignore(key))

  return {
    root: scope(''),
    parameterCount: () => [...asked.values()].reduce((total, { elements }) => total + elements, 0),
    sizeBytes: () => [...asked.values()].reduce((total, { bytes }) => total + bytes, 0),
    hasMore: (ignore = () => false) => tensors === null || leftBut(ignore).length > 0,
    assertNoneLeft(ignore = () => false) {
      const left = leftBut(ignore)
      if (left.length > 0) {
        const named = left.slice(0, 3).join(', ')
        throw new InvalidInputError(
          component,
          `the checkpoint holds ${left.length} tensor(s) that config.json does not account for: ${named}` +
            `${left.length > 3 ? ', …' : ''}; config and weights belong to different models`,
        )
      }
    },
  }
}
