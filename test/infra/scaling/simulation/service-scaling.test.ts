import { describe, expect, test } from 'vitest'
import { openMinuteSeries } from '../../../../infra/scaling/simulation/minute-series.ts'
import { DEPLOYED } from '../../../../infra/scaling/simulation/policy.ts'
import { openServiceScaling } from '../../../../infra/scaling/simulation/service-scaling.ts'

interface Minute {
  readonly visible?: number
  readonly inFlight?: number
  readonly queued?: number
  readonly instances: number
  readonly reservation?: number
}

/** A service whose metrics are told minute by minute; `wanted` is how many workers it wants after each. */
const aService = (maxWorkers = 100) => {
  const series = {
    ...{ visible: openMinuteSeries(), inFlight: openMinuteSeries(), queued: openMinuteSeries() },
    ...{ instances: openMinuteSeries(), reservation: openMinuteSeries() },
  }
  const scaling = openServiceScaling({
    policy: DEPLOYED,
    queue: { ...series, tick: () => {} },
    fleet: series,
    gpus: 1,
    maxWorkers,
  })
  let minute = 0
  const wanted: number[] = []
  return {
    wanted,
    minutes(count: number, values: Minute) {
      for (let i = 0; i < count; i++, minute++) {
        for (const [name, value] of Object.entries(values) as [keyof Minute, number][])
          series[name].record(minute, value)
        // A minute's values can be read when it and another are over.
        scaling.evaluate(minute + 2)
        wanted.push(scaling.desired())
      }
    },
  }
}

const woken = () => {
  const service = aService()
  service.minutes(1, { visible: 80, inFlight: 0, instances: 0 })
  service.wanted.length = 0
  return service
}

describe('WAKE', () => {
  test('orders in the first minute', () => {
    const service = aService()
    service.minutes(1, { visible: 80, inFlight: 0, instances: 0, reservation: 100 })
    expect(service.wanted).toEqual([8])
  })

  test('orders by what ingest has queued while SQS has no figures yet', () => {
    const service = aService()
    service.minutes(1, { queued: 45, instances: 0 })
    expect(service.wanted).toEqual([4])
  })

  test('orders no more than there may be', () => {
    const service = aService(5)
    service.minutes(1, { visible: 5000, inFlight: 0, instances: 0 })
    expect(service.wanted).toEqual([5])
  })
})

describe('TRACK', () => {
  test('orders in proportion after three minutes above the target', () => {
    const service = woken()
    service.minutes(3, { visible: 144, inFlight: 16, instances: 8, reservation: 100 })
    expect(service.wanted).toEqual([8, 8, 16])
  })

  test('counts what it has just ordered as part of what it orders next, until the cooldown is over', () => {
    const service = woken()
    service.minutes(3 + 5, { visible: 144, inFlight: 16, instances: 8, reservation: 100 })
    expect(service.wanted).toEqual([8, 8, 16, 16, 16, 16, 16, 32])
  })

  test('orders more at once where the backlog grows on', () => {
    const service = woken()
    service.minutes(3, { visible: 144, inFlight: 16, instances: 8, reservation: 100 })
    service.minutes(1, { visible: 304, inFlight: 16, instances: 8, reservation: 100 })
    expect(service.wanted.at(-1)).toBe(32)
  })

  test('waits while what was ordered is still to come', () => {
    const service = woken()
    service.minutes(10, { visible: 144, inFlight: 16, instances: 2, reservation: 400 })
    expect(new Set(service.wanted)).toEqual(new Set([8]))
  })

  test('orders no more than there may be', () => {
    const service = aService(10)
    service.minutes(1, { visible: 80, inFlight: 0, instances: 0 })
    service.minutes(3, { visible: 144, inFlight: 16, instances: 8, reservation: 100 })
    expect(service.wanted.at(-1)).toBe(10)
  })

  test('lets workers go after a quarter of an hour, and no more of them for five minutes', () => {
    const service = woken()
    service.minutes(20, { visible: 0, inFlight: 4, instances: 8, reservation: 100 })
    expect(service.wanted.slice(13, 20)).toEqual([8, 4, 4, 4, 4, 4, 2])
  })
})

describe('SLEEP', () => {
  test('comes after five minutes with nothing to do', () => {
    const service = woken()
    service.minutes(5, { visible: 0, inFlight: 0, instances: 8, reservation: 100 })
    expect(service.wanted).toEqual([8, 8, 8, 8, 0])
  })

  test('does not come while a clip is in work, though none waits', () => {
    const service = woken()
    service.minutes(10, { visible: 0, inFlight: 8, instances: 8, reservation: 100 })
    expect(service.wanted.at(-1)).toBe(8)
  })

  test('does not come for want of figures', () => {
    const service = woken()
    service.minutes(10, { instances: 8, reservation: 100 })
    expect(service.wanted.at(-1)).toBe(8)
  })
})
