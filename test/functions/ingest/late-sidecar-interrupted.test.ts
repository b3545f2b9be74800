import { describe, expect, test } from 'vitest'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aLateSidecar, IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'
import { failAt } from './failing-call.ts'
import { untilIngested } from './until-ingested.ts'

type World = Awaited<ReturnType<typeof aLateSidecar>>
type Dropped = Awaited<ReturnType<World['put']>>

interface Scene {
  /** Prepares the run in which a call fails. Returns the objects of that run's events. */
  readonly prepare: (world: World) => Promise<readonly Dropped[]>
  /** True if the image's first job is stopped in the end. */
  readonly isStopped: boolean
  /** Outcomes that its report may state for the one job that it superseded. */
  readonly outcomes: readonly string[]
  /** Messages of the image's first job, at least. */
  readonly sent: number
  /** The least number of calls that the run makes. */
  readonly calls: number
}

const SCENES: Readonly<Record<string, Scene>> = {
  'a sidecar comes after its image': {
    prepare: async (world) => [await world.put(SIDECAR, OTHER)],
    ...{ isStopped: true, outcomes: ['cancelled'], sent: 1, calls: 20 },
  },
  'a sidecar with faults comes after its image': {
    prepare: async (world) => [await world.put(SIDECAR, '{')],
    ...{ isStopped: true, outcomes: ['cancelled'], sent: 1, calls: 15 },
  },
  'a manifest orders the same job, and then the sidecar comes': {
    prepare: async (world) => [await world.put(MANIFEST, NAMES_IMAGE), await world.put(SIDECAR, OTHER)],
    ...{ isStopped: false, outcomes: ['kept', 'cancelled'], sent: 1, calls: 25 },
  },
  'a sidecar comes, and then a manifest orders the cancelled job': {
    async prepare(world) {
      await world.drop(SIDECAR, OTHER)
      await world.end(world.jobs()[0] ?? expect.fail('no job'), 'cancelled')
      return [await world.put(MANIFEST, NAMES_IMAGE)]
    },
    ...{ isStopped: false, outcomes: ['cancelled'], sent: 2, calls: 15 },
  },
  'the cancelled job is what the next sidecar asks for': {
    async prepare(world) {
      await world.drop(SIDECAR, OTHER)
      await world.end(world.jobs()[0] ?? expect.fail('no job'), 'cancelled')
      await world.input.delete(SIDECAR, unaborted)
      return [await world.put(SIDECAR, '{}')]
    },
    ...{ isStopped: false, outcomes: ['cancelled'], sent: 2, calls: 25 },
  },
}

describe.each(Object.entries(SCENES))('%s', (_, { prepare, isStopped, outcomes, sent, calls }) => {
  test.each(['before', 'after'] as const)(
    'and whichever call fails, %s it had its effect, the end is the same',
    async (moment) => {
      let n = 0
      for (;;) {
        n += 1
        const { faults, arm, disarm } = failAt(n, moment)
        const world = await aLateSidecar({ inputFaults: faults, outputFaults: faults, queueFaults: faults })
        await world.ingest(s3Event(world.image))
        const first = world.jobs()[0]?.job_id ?? expect.fail('no job')
        const objects = await prepare(world)
        arm()
        await untilIngested(world, objects)
        const failed = disarm()
        expect(await world.superseded()).toEqual([
          { job_id: expect.any(String), outcome: expect.toBeOneOf([...outcomes]) },
        ])
        expect(await world.stoppedBy(first)).toBe(isStopped ? 'ingest' : null)
        expect(world.hasResult(first)).toBe(false)
        expect(world.sent().filter((jobId) => jobId === first).length).toBeGreaterThanOrEqual(sent)
        const named = [await world.report(IMAGE), await world.report(MANIFEST)].flatMap(
          (report) => report?.jobs ?? [],
        )
        for (const { job_id } of named) expect(await world.stoppedBy(job_id)).toBeNull()
        if (!failed) break
      }
      expect(n).toBeGreaterThan(calls)
    },
  )
})
