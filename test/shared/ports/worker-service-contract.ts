import { describe, expect, test } from 'vitest'
import type { WorkerService } from '../../../shared/ports/worker-service.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

export interface ServiceOfContract {
  readonly service: WorkerService
  /** Another task definition: ECS makes another deployment the primary one. */
  deploy(): Promise<void>
  remove(): Promise<void>
}

/** The contract of an ECS service, in memory or at an endpoint. `open` returns a new one with `desired` tasks. */
export const workerServiceContract = (open: (desired: number) => Promise<ServiceOfContract>): void => {
  describe('an ECS service of workers', () => {
    test('has the desired count of its creation, and a primary deployment', async () => {
      const { service } = await open(1)

      expect(await service.read(unaborted)).toMatchObject({
        ...{ desired: 1, deploymentId: expect.stringMatching(/./), olderRunning: 0 },
      })
    })

    test('has the desired count that was set last, also 0, in the same deployment', async () => {
      const { service } = await open(1)
      const before = await service.read(unaborted)
      const counts: (number | undefined)[] = []
      for (const count of [3, 3, 0]) {
        await service.setDesired(count, unaborted)
        counts.push((await service.read(unaborted))?.desired)
      }

      expect(counts).toEqual([3, 3, 0])
      expect((await service.read(unaborted))?.deploymentId).toBe(before?.deploymentId)
    })

    test('has at most as many running and pending tasks as desired', async () => {
      const { service } = await open(2)

      const { running = Number.NaN, pending = Number.NaN } = (await service.read(unaborted)) ?? {}
      expect(running + pending).toBeLessThanOrEqual(2)
      expect(Math.min(running, pending)).toBeGreaterThanOrEqual(0)
    })

    test('has another deployment after a change of its task definition, and the same desired count', async () => {
      const { service, deploy } = await open(2)
      const before = await service.read(unaborted)

      await deploy()

      const after = await service.read(unaborted)
      expect(after?.deploymentId).not.toBe(before?.deploymentId)
      expect(after?.desired).toBe(2)
    })

    test('is null when it was deleted', async () => {
      const { service, remove } = await open(0)
      await remove()

      expect(await service.read(unaborted)).toBeNull()
    })

    test('fails with the reason of an aborted signal', async () => {
      const { service } = await open(0)
      const signal = AbortSignal.abort(new Error('the time is over'))

      await expect(service.read(signal)).rejects.toThrow('the time is over')
      await expect(service.setDesired(1, signal)).rejects.toThrow('the time is over')
    })
  })
}
