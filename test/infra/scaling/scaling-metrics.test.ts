import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type MinuteValues,
  type ScalingMetric,
  SLEEP_METRIC,
  trackMetric,
  WAKE_METRIC,
} from '../../../infra/scaling/scaling-metrics.ts'
import { evaluateExpression } from './evaluate-expression.ts'

const NOTHING: MinuteValues = {
  ...{ visible: undefined, inFlight: undefined, queued: undefined },
  ...{ instances: undefined, reservation: undefined },
}
const at = (metric: ScalingMetric, values: Partial<MinuteValues>) => metric.valueOf({ ...NOTHING, ...values })

const maybe = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: undefined })
const minutes: fc.Arbitrary<MinuteValues> = fc.record({
  ...{ visible: maybe(200), inFlight: maybe(60), queued: maybe(50) },
  ...{ instances: maybe(20), reservation: maybe(300) },
})

test.each([
  ['WAKE', WAKE_METRIC],
  ['TRACK', trackMetric(10, 1)],
  ['TRACK of eight GPUs', trackMetric(10, 8)],
  ['SLEEP', SLEEP_METRIC],
])('%s: what CloudWatch evaluates is what the simulation runs on', (_, metric) => {
  fc.assert(
    fc.property(minutes, (values) => {
      expect(evaluateExpression(metric.expression, values)).toEqual(metric.valueOf(values))
    }),
    { numRuns: 500 },
  )
})

describe('WAKE', () => {
  test('sees clips that wait while nobody works, also before SQS tells of them', () => {
    expect(at(WAKE_METRIC, { visible: 7, inFlight: 0 })).toBe(7)
    expect(at(WAKE_METRIC, { queued: 7 })).toBe(7)
  })

  test('sees none while somebody works', () => {
    expect(at(WAKE_METRIC, { visible: 7, inFlight: 1, queued: 3 })).toBe(0)
  })
})

describe('TRACK', () => {
  const track = trackMetric(10, 1)

  test('is the clips of each worker', () => {
    expect(at(track, { visible: 70, inFlight: 10, instances: 4, reservation: 100 })).toBe(20)
  })

  test('orders nothing while more than a tenth of the machines are still to come', () => {
    expect(at(track, { visible: 70, inFlight: 10, instances: 4, reservation: 150 })).toBe(10)
    expect(at(track, { visible: 70, inFlight: 10, instances: 4, reservation: 105 })).toBe(20)
  })

  test('asks for no fewer workers than have a clip in hand', () => {
    expect(at(track, { visible: 0, inFlight: 4, instances: 4, reservation: 100 })).toBe(10)
    expect(at(track, { visible: 0, inFlight: 2, instances: 4, reservation: 100 })).toBe(5)
  })

  test('lets a fleet become smaller while a machine is being replaced', () => {
    expect(at(track, { visible: 0, inFlight: 2, instances: 4, reservation: 125 })).toBe(5)
  })

  test('leaves it to WAKE where there is no machine', () => {
    expect(at(track, { visible: 70, inFlight: 0, instances: 0, reservation: 200 })).toBe(10)
  })
})

test('SLEEP has no value where SQS has none: nobody is sent to sleep for that', () => {
  expect(at(SLEEP_METRIC, { queued: 3 })).toBeUndefined()
  expect(at(SLEEP_METRIC, { visible: 0, inFlight: 0, queued: 3 })).toBe(3)
})
