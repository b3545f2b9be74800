import { describe, expect, test } from 'vitest'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aLateSidecar, IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { failAt } from './failing-call.ts'
import { s3Event } from './ingest-setup.ts'
import { untilIngested } from './until-ingested.ts'

type Setup = Awaited<ReturnType<typeof aLateSidecar>>
type Uploaded = Awaited<ReturnType<Setup['put']>>

interface Scene {
  /** Prepares the run in which a call fails. Returns the objects of that run's events. */
  readonly prepare: (setup: Setup) => Promise<readonly Uploaded[]>
  /** True if the image's first job is stopped in the end. */
  readonly isStopped: boolean
  /** Outcomes that its report may state for the one job that it superseded. */
  readonly outcomes: readonly string[]
  /** Messages of the image's first job, at least. */
  readonly sent: number
  /** Jobs that the reports name in the end. */
  readonly named: number
  /** The least number of calls that the run makes. */
  readonly calls: number
}

const SCENES: Readonly<Record<string, Scene>> = {
  'a sidecar is uploaded after its image': {
    prepare: async (setup) => [await setup.put(SIDECAR, OTHER)],
    ...{ isStopped: true, outcomes: ['cancelled'], sent: 1, named: 1, calls: 20 },
  },
  'a faulty sidecar is uploaded after its image': {
    prepare: async (setup) => [await setup.put(SIDECAR, '{')],
    ...{ isStopped: true, outcomes: ['cancelled'], sent: 1, named: 0, calls: 15 },
  },
  'a manifest orders the same job before the sidecar is uploaded': {
    prepare: async (setup) => [await setup.put(MANIFEST, NAMES_IMAGE), await setup.put(SIDECAR, OTHER)],
    ...{ isStopped: false, outcomes: ['kept', 'cancelled'], sent: 1, named: 2, calls: 25 },
  },
  'a manifest orders the cancelled job after the sidecar was uploaded': {
    async prepare(setup) {
      await setup.upload(SIDECAR, OTHER)
      await setup.end(setup.jobs()[0] ?? expect.fail('no job'), 'cancelled')
      return [await setup.put(MANIFEST, NAMES_IMAGE)]
    },
    ...{ isStopped: false, outcomes: ['cancelled'], sent: 2, named: 2, calls: 15 },
  },
  'the next sidecar requests the cancelled job': {
    async prepare(setup) {
      await setup.upload(SIDECAR, OTHER)
      await setup.end(setup.jobs()[0] ?? expect.fail('no job'), 'cancelled')
      await setup.input.delete(SIDECAR, unaborted)
      return [await setup.put(SIDECAR, '{}')]
    },
    ...{ isStopped: false, outcomes: ['cancelled'], sent: 2, named: 1, calls: 25 },
  },
}

describe.each(Object.entries(SCENES))(
  'ingest with one failing call, when %s',
  (_, { prepare, isStopped, outcomes, sent, named, calls }) => {
    test.each(['before', 'after'] as const)(
      'ends with the same reports and jobs if a call fails %s it takes effect',
      async (moment) => {
        let n = 0
        for (;;) {
          n += 1
          const { faults, arm, disarm } = failAt(n, moment)
          const setup = await aLateSidecar({ inputFaults: faults, outputFaults: faults, queueFaults: faults })
          await setup.ingest(s3Event(setup.image))
          const first = setup.jobs()[0]?.job_id ?? expect.fail('no job')
          const objects = await prepare(setup)
          arm()
          await untilIngested(setup, objects)
          const failed = disarm()
          expect(await setup.superseded()).toEqual([
            { job_id: expect.any(String), outcome: expect.toBeOneOf([...outcomes]) },
          ])
          expect(await setup.stoppedBy(first)).toBe(isStopped ? 'ingest' : null)
          expect(setup.hasResult(first)).toBe(false)
          expect(setup.sent().filter((jobId) => jobId === first).length).toBeGreaterThanOrEqual(sent)
          const jobs = [await setup.report(IMAGE), await setup.report(MANIFEST)].flatMap(
            (report) => report?.jobs ?? [],
          )
          expect(jobs).toHaveLength(named)
          for (const { job_id } of jobs) expect(await setup.stoppedBy(job_id)).toBeNull()
          if (!failed) break
        }
        expect(n).toBeGreaterThan(calls)
      },
    )
  },
)
