import { describe, expect, test } from 'vitest'
import { bootTimesOf } from '../../../../infra/scaling/simulation/boot-times.ts'
import { openCapacityProvider } from '../../../../infra/scaling/simulation/capacity-provider.ts'
import { openClipQueue } from '../../../../infra/scaling/simulation/clip-queue.ts'
import { openMachines } from '../../../../infra/scaling/simulation/machines.ts'
import { DEPLOYED } from '../../../../infra/scaling/simulation/policy.ts'
import { INSTANCE_TYPES } from '../../../../shared/fleet/instance-types.ts'

/** A cluster with a given number of tasks that wait for an instance; which task gets one does not matter here. */
const aCluster = (maxWorkers = 100) => {
  const random = () => 0.5
  const queue = openClipQueue()
  const machines = openMachines(bootTimesOf(INSTANCE_TYPES['g6e.xlarge']), 0, random)
  const tally = { cutRenders: 0, lostRenders: 0, reclaims: 0, countedHours: new Map(), wanted: [] }
  const provider = openCapacityProvider({
    ...{ policy: DEPLOYED, queue, machines, random, gpus: 1, maxWorkers, tally },
  })
  let now = 0
  return {
    machines,
    provider,
    /** Returns how many machines there are after each minute. */
    minutes(count: number, tasksWithoutPlace: number): readonly number[] {
      return Array.from({ length: count }, () => {
        provider.evaluate(now, tasksWithoutPlace)
        for (const end = now + 60; now < end; now++) provider.tick(now)
        return machines.running.size
      })
    },
    now: () => now,
  }
}

describe('ECS managed scaling', () => {
  test('starts two instances from zero, however many are needed', () => {
    expect(aCluster().minutes(4, 30).at(-1)).toBe(2)
  })

  test('starts the others when the first two have passed their warm-up', () => {
    const cluster = aCluster()
    const counts = cluster.minutes(12, 30)
    const first = counts.indexOf(2)
    const next = counts.findIndex((count) => count > 2)
    expect((next - first) * 60).toBeGreaterThanOrEqual(DEPLOYED.managedScaling.instanceWarmupSeconds)
    expect(counts[next]).toBe(32)
  })

  test('starts no more instances than the maximum', () => {
    expect(aCluster(3).minutes(12, 30).at(-1)).toBe(3)
  })

  test('ends instances without a task after 15 minutes, half of them each minute', () => {
    const cluster = aCluster()
    cluster.minutes(9, 6)
    expect(cluster.machines.running.size).toBe(8)
    const counts = cluster.minutes(24, 0)
    // Not in the first fourteen.
    expect(counts.lastIndexOf(8)).toBeGreaterThanOrEqual(14)
    expect([...new Set(counts)]).toEqual([8, 4, 2, 1, 0])
  })

  test('does not end an instance that has a task', () => {
    const cluster = aCluster()
    cluster.minutes(6, 1)
    const [machine] = cluster.machines.running
    cluster.machines.startWorker(machine!, cluster.now())
    cluster.minutes(40, 0)
    expect([...cluster.machines.running]).toEqual([machine])
  })
})
