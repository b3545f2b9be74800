import { expect, test } from 'vitest'
import { guidanceRamp } from '../../../../worker/pipeline/scheduler/guidance-ramp.ts'
import { readGolden } from '../../../fixtures/golden.ts'

const golden = await readGolden('scheduler')
const { ramps: rampsJson = '', most_frames: mostFramesJson = '' } = golden.metadata
const ramps = JSON.parse(rampsJson) as [number, number][]
const mostFrames = Number(mostFramesJson)

test.each(ramps.map(([min, max], i) => [min, max, `ramp/${i}`] as const))(
  `guidanceRamp from %d to %d is bit-identical to torch.linspace, for 1 to ${mostFrames} frames`,
  (min, max, key) => {
    const all = Array.from({ length: mostFrames }, (_, i) => Array.from(guidanceRamp(min, max, i + 1))).flat()
    expect(Float32Array.from(all)).toEqual(golden.tensor(key).data)
  },
)

test('guidanceRamp gives a single frame the first scale', () => {
  expect(Array.from(guidanceRamp(1, 3, 1))).toEqual([1])
})

test.each([
  [Number.NaN, 3, 'min_guidance_scale'],
  [1, Number.POSITIVE_INFINITY, 'max_guidance_scale'],
  [1, 1e39, 'max_guidance_scale'],
])('guidanceRamp refuses the scales %d and %d, and names %s', (min, max, field) => {
  expect(() => guidanceRamp(min, max, 14)).toThrow(`${field}: must be a finite number`)
})
