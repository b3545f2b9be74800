import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { boxMuller16 } from './avx2-box-muller.ts'
import { roundToFloat16 } from './float16.ts'
import { createMt19937, type RandomBits } from './mt19937.ts'

export interface TorchGenerator {
  /**
   * The next `count` standard normal numbers, as `torch.randn(count, dtype, generator)` draws them. float16
   * values come rounded, in a Float32Array. A call of fewer than 16 numbers takes another stream than a longer one.
   */
  randn(count: number, dtype: 'float32' | 'float16'): Float32Array
  /** The next `count` float32 numbers of [0, 1), as `torch.rand(count, generator)` draws them. */
  rand(count: number): Float32Array
}

const SEED_MIN = -(2n ** 63n)
const SEED_MAX = 2n ** 64n - 1n

const BLOCK = 16

/**
 * PyTorch's CPU generator after `torch.Generator('cpu').manual_seed(seed)`; each call goes on where the last one
 * ended. Seeds are -2^63 to 2^64 - 1 as there, and only the low 32 bits count.
 *
 * Equal to torch 2.13.0 bit for bit where that runs its AVX2 kernels (also on CPUs with AVX-512); elsewhere
 * PyTorch itself differs by a few units in the last place.
 *
 * How many 32-bit outputs of the Mersenne Twister a call takes:
 *
 *     rand(n)                 n
 *     randn(n < 16)           4 per pair of numbers (float64 arithmetic); the odd one is kept for the next such call
 *     randn(n, float32)       n, and 16 more that replace the last 16 numbers if 16 does not divide n
 *     randn(n, float16)       16 per whole block, and 16 more that end the sequence if 16 does not divide n
 *
 * @throws InvalidInputError (`seed`) if the seed is out of range.
 */
export const createTorchGenerator = (seed: bigint): TorchGenerator => {
  if (seed < SEED_MIN || seed > SEED_MAX) {
    throw new InvalidInputError('seed', `is ${seed}, but must be from -2^63 to 2^64 - 1, as PyTorch takes it`)
  }
  const bits = createMt19937(Number(BigInt.asUintN(32, seed)))
  const drawFew = fewNormals(bits)
  return {
    randn: (count, dtype) => {
      const numbers =
        count < BLOCK
          ? drawFew(count)
          : dtype === 'float32'
            ? float32Normals(bits, count)
            : blocks(bits, count)
      if (dtype === 'float16') for (let i = 0; i < count; i++) numbers[i] = roundToFloat16(numbers[i]!)
      return numbers
    },
    rand: (count) => {
      const numbers = new Float32Array(count)
      fillUniform(bits, numbers, 0, count)
      return numbers
    },
  }
}

const fillUniform = (bits: RandomBits, numbers: Float32Array, from: number, to: number): void => {
  for (let i = from; i < to; i++) numbers[i] = (bits() & 0xffffff) * 2 ** -24
}

/** All uniform numbers first, then block by block in place; the redrawn tail overwrites finished numbers. */
const float32Normals = (bits: RandomBits, count: number): Float32Array => {
  const numbers = new Float32Array(count)
  fillUniform(bits, numbers, 0, count)
  for (let i = 0; i + BLOCK <= count; i += BLOCK) boxMuller16(numbers, i)
  redrawTail(bits, numbers)
  return numbers
}

/** float16 is drawn as float32, one block after the other, and rounded at the end. */
const blocks = (bits: RandomBits, count: number): Float32Array => {
  const numbers = new Float32Array(count)
  for (let i = 0; i + BLOCK <= count; i += BLOCK) {
    fillUniform(bits, numbers, i, i + BLOCK)
    boxMuller16(numbers, i)
  }
  redrawTail(bits, numbers)
  return numbers
}

const redrawTail = (bits: RandomBits, numbers: Float32Array): void => {
  if (numbers.length % BLOCK === 0) return
  const from = numbers.length - BLOCK
  fillUniform(bits, numbers, from, numbers.length)
  boxMuller16(numbers, from)
}

/** One number in [0, 1) with 53 random bits: of the two outputs the first is the high half. */
const uniformFloat64 = (bits: RandomBits): number => {
  const high = bits() & 0x1fffff
  return (high * 2 ** 32 + bits()) * 2 ** -53
}

/** Box-Muller in float64, one number at a time; the second of a pair waits for the next call. */
const fewNormals = (bits: RandomBits): ((count: number) => Float32Array) => {
  let waiting: number | undefined
  const next = (): number => {
    if (waiting !== undefined) {
      const number = waiting
      waiting = undefined
      return number
    }
    const u1 = uniformFloat64(bits)
    const u2 = uniformFloat64(bits)
    const radius = Math.sqrt(-2 * Math.log1p(-u2))
    const theta = 2 * Math.PI * u1
    waiting = radius * Math.sin(theta)
    return radius * Math.cos(theta)
  }
  return (count) => Float32Array.from({ length: count }, next)
}
