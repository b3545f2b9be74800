import { expect, test } from 'vitest'
import { type MeasuredTime, measuredTimeOf, type TimedClip } from '../../../worker/plan/measured-times.ts'

const XT: TimedClip = {
  unetParameters: 1_524_623_082,
  ...{ width: 1024, height: 576, numFrames: 25, steps: 25 },
  ...{ guidance: true, decodeChunk: 8, precision: 'fp16' },
}
const aTime = (change: Partial<MeasuredTime> = {}): MeasuredTime => ({
  ...{ card: 'L40S', clip: XT, secondsPerClip: 30, driver: '580.126', commit: 'a1b2c3d' },
  versions: { onnxruntime: '1.30.0', cuda: '13.0', cudnn: '9.28' },
  ...change,
})

test('measuredTimeOf returns the last time for the same GPU and clip', () => {
  const times = [aTime({ secondsPerClip: 31 }), aTime(), aTime({ card: 'L4', secondsPerClip: 90 })]
  expect(measuredTimeOf(times, 'L40S', { ...XT })?.secondsPerClip).toBe(30)
  expect(measuredTimeOf(times, 'L4', XT)?.secondsPerClip).toBe(90)
})

test.each(Object.keys(XT) as (keyof TimedClip)[])(
  'measuredTimeOf returns null for a clip with another %s',
  (field) => {
    expect(measuredTimeOf([aTime()], 'L40S', { ...XT, [field]: 1 })).toBeNull()
  },
)

test('measuredTimeOf returns null for another GPU', () => {
  expect(measuredTimeOf([aTime()], 'A10G', XT)).toBeNull()
})
