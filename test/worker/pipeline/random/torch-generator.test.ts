import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  createTorchGenerator,
  type TorchGenerator,
} from '../../../../worker/pipeline/random/torch-generator.ts'
import { readGolden } from '../../../fixtures/golden.ts'

type Kind = 'float32' | 'float16' | 'rand'

const golden = await readGolden('random')
const { sequence: sequenceJson = '', long_streams_of_seed_42: longStreams = '' } = golden.metadata
const { sweep: sweepJson = '', after_sweep: afterSweepJson = '' } = golden.metadata

const draw = (generator: TorchGenerator, kind: Kind, count: number): Float32Array =>
  kind === 'rand' ? generator.rand(count) : generator.randn(count, kind)

const sha256 = (...draws: readonly Float32Array[]): string => {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of draws)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex')
}

/** Every bit, so that 0 and -0 are different. */
const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(Float32Array.from(values).buffer)

describe('a generator like torch.Generator', () => {
  const cases = golden.keys
    .filter((key) => key !== 'sequence')
    .map((key) => key.split('/') as [Kind, string, string])

  test.each(cases)(
    'draws %s numbers of seed %s that are bit-identical to torch: %s of them',
    (kind, seed, count) => {
      const numbers = draw(createTorchGenerator(BigInt(seed)), kind, Number(count))
      expect(bitsOf(numbers)).toEqual(bitsOf(golden.tensor(`${kind}/${seed}/${count}`).data))
    },
  )

  test('continues where the last draw ended, of any kind, and keeps the odd number of a short draw', () => {
    const sequence = JSON.parse(sequenceJson) as [Kind, number][]
    const generator = createTorchGenerator(123456789n)
    const numbers = sequence.flatMap(([kind, count]) => Array.from(draw(generator, kind, count)))
    expect(Float32Array.from(numbers)).toEqual(golden.tensor('sequence').data)
  })

  test.each(['float32', 'float16'] as const)(
    'draws any count of %s numbers bit-identical to torch, and leaves the same state',
    (kind) => {
      const afterSweep = JSON.parse(afterSweepJson) as [Kind, number][]
      const expected = Object.entries(JSON.parse(sweepJson) as Record<string, string>).filter(([key]) =>
        key.startsWith(kind),
      )
      expect(expected.length).toBeGreaterThan(40)
      const drawn = expected.map(([key]) => {
        const generator = createTorchGenerator(987654321n)
        const first = draw(generator, kind, Number(key.split('/')[1]))
        return [key, sha256(first, ...afterSweep.map(([next, count]) => draw(generator, next, count)))]
      })
      expect(drawn).toEqual(expected)
    },
  )

  test.each(['float32', 'float16'] as const)(
    'draws the %s numbers of a whole clip bit-identical to torch',
    (kind) => {
      const streams = JSON.parse(longStreams)
      const { count, sha256: expected } = streams[kind] as { count: number; sha256: string }
      expect(sha256(createTorchGenerator(42n).randn(count, kind))).toBe(expected)
    },
  )

  test('draws nothing and keeps its state for a count of zero', () => {
    const generator = createTorchGenerator(0n)
    expect(generator.randn(0, 'float32')).toEqual(new Float32Array(0))
    expect(generator.randn(16, 'float32')).toEqual(golden.tensor('float32/0/16').data)
  })

  test.each([2n ** 64n, -(2n ** 63n) - 1n])('refuses the seed %s as torch does', (seed) => {
    expect(() => createTorchGenerator(seed)).toThrow(/^seed: is -?\d+, but must be from -2\^63 to 2\^64 - 1/)
  })
})
