import { describe, expect, test } from 'vitest'
import { warningsOf } from '../../../../shared/contracts/result-record.ts'
import type { WorkerLogEvent } from '../../../../worker/telemetry/worker-event.ts'
import { NO_CALL_FAULTS } from './faulty-call.ts'
import { MAX_UPLOADS, type Schedule } from './schedule.ts'
import { type SimulationResult, simulate } from './simulate.ts'
import { makeUploadableImages } from './uploadable-images.ts'

/*
 * SVD_SIMULATION_SEEDS=20000 runs so many schedules; SVD_SIMULATION_SEED=17 runs that one and prints all that happens.
 */
const SEEDS = Number(process.env['SVD_SIMULATION_SEEDS'] ?? 1_000)
const ONE_SEED = process.env['SVD_SIMULATION_SEED']
const SEEDS_A_TEST = 125
const SHOWN_LINES = 200

const images = await makeUploadableImages(MAX_UPLOADS)

const report = ({ seed, violations, trace }: SimulationResult): string =>
  [
    `SVD_SIMULATION_SEED=${seed} npm test -- test/worker/queue/simulation`,
    ...violations,
    ...trace.slice(-SHOWN_LINES),
  ].join('\n')

const expectKept = (result: SimulationResult): void => {
  if (result.violations.length > 0) throw new Error(report(result))
}

/* Only what the schedules' events say: the events themselves would stay in memory, 24 MiB of 1,000 schedules. */
const eventTypes = new Set<WorkerLogEvent['type']>()
const endings = new Set<string>()
let hasWarned = false
let hasFailedOnTwoWorkers = false

const noteEvent = (event: WorkerLogEvent): void => {
  eventTypes.add(event.type)
  if (event.type !== 'job-done') return
  const { state, failure, safer_path } = event.result
  endings.add(`${failure?.class ?? state} ${safer_path}`)
  hasWarned ||= warningsOf(event.result).length > 0
  hasFailedOnTwoWorkers ||= new Set(failure?.rejected.map((one) => one.worker_id)).size > 1
}

const superseded = new Map<SimulationResult['superseded'][number], number>()

describe.skipIf(ONE_SEED !== undefined)(
  'under injected faults no job is lost and no job is published twice',
  () => {
    for (let first = 1; first <= SEEDS; first += SEEDS_A_TEST) {
      const last = Math.min(SEEDS, first + SEEDS_A_TEST - 1)
      test(`in schedules ${first} to ${last}`, async () => {
        for (let seed = first; seed <= last; seed++) {
          const result = await simulate(seed, images)
          expectKept(result)
          result.events.forEach(noteEvent)
          for (const what of result.superseded) superseded.set(what, (superseded.get(what) ?? 0) + 1)
        }
      })
    }

    test('and every event type and every kind of result occurs', () => {
      expect([...eventTypes].sort()).toEqual([
        'clip-rejected',
        'dead-letter-recorded',
        'device-idle',
        'draining',
        'job-abandoned',
        'job-done',
        'job-done-before',
        'job-postponed',
        'job-progress',
        'job-received',
        'job-released',
        'job-retry',
        'job-stage',
        'message-malformed',
        'queue-unreachable',
        'worker-started',
        'worker-stopped',
      ])
      expect({ hasWarned, hasFailedOnTwoWorkers }).toEqual({ hasWarned: true, hasFailedOnTwoWorkers: true })
      expect([...endings].sort()).toEqual([
        'cancelled false',
        'cancelled true',
        'exhausted false',
        'exhausted true',
        'invalid-input false',
        'quality true',
        'succeeded false',
        'succeeded true',
      ])
    })

    test('and every outcome of a job that a late sidecar supersedes occurs', () => {
      expect([...superseded.keys()].sort()).toEqual(['cancelled', 'done', 'kept', 'rendered again'])
    })
  },
)

const SEEDS_OF_A_POISON = 100
const PLANNED = { atMs: 1_000, videos: 1, events: 1, cancelledMs: null, sidecar: null } as const

/** Workers are killed or drained while nothing else fails, and one job kills each worker that renders it. */
const withPoison = (schedule: Schedule): Schedule => ({
  ...schedule,
  ...{
    maxAttempts: 5,
    maxReceives: 50,
    duplicates: 0,
    malformedMessages: 0,
    manifestMs: null,
    redrives: false,
  },
  calls: NO_CALL_FAULTS,
  renderer: { crash: 0, hang: 0, encoder: 0, lostCard: 0 },
  incidents: schedule.incidents.filter(({ type }) => type === 'crash' || type === 'drain'),
  uploads: (['good', 'poison', 'good', 'good'] as const).map((kind) => ({ ...PLANNED, kind })),
})

describe.skipIf(ONE_SEED !== undefined)('a job that crashes its worker at each attempt', () => {
  test('fails after five attempts, and all other jobs succeed', async () => {
    const endings = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS_OF_A_POISON; seed++) {
      const result = await simulate(seed, images, { alterSchedule: withPoison })
      expectKept(result)
      // The fifth attempt may be one whose renderer dies by the schedule, before the job takes the worker down.
      const reason = /vanished while it rendered the job$|^the renderer was killed by /
      for (const { state, failure } of result.results) {
        const isDeath = failure !== null && reason.test(failure.reason)
        const ending = failure === null ? state : `${failure.class}: ${isDeath ? 'a death' : failure.reason}`
        endings.set(ending, (endings.get(ending) ?? 0) + 1)
      }
    }

    expect(Object.fromEntries(endings)).toEqual({
      succeeded: 3 * SEEDS_OF_A_POISON,
      'exhausted: a death': SEEDS_OF_A_POISON,
    })
  })
})

const SEEDS_OF_SIDECARS = 100

/** Each image has a sidecar that comes up to a minute later, and a manifest orders the same jobs meanwhile. */
const withLateSidecars = (schedule: Schedule): Schedule => ({
  ...schedule,
  manifestMs: 60_000 + ((schedule.uploads[0]?.atMs ?? 0) % 60_000),
  manifestSeeds: [0, 1],
  uploads: schedule.uploads.map((upload) => {
    const atMs = upload.atMs / 6
    const sidecar = { atMs: atMs + (upload.atMs % 60_000), kind: 'other', events: upload.events } as const
    return { ...upload, atMs, kind: 'good', videos: 1, cancelledMs: null, sidecar }
  }),
})

describe.skipIf(ONE_SEED !== undefined)(
  'a job that a late sidecar supersedes while a manifest orders it',
  () => {
    test('is rendered, or no report names it', async () => {
      const outcomes = new Map<SimulationResult['superseded'][number], number>()
      for (let seed = 1; seed <= SEEDS_OF_SIDECARS; seed++) {
        const result = await simulate(seed, images, { alterSchedule: withLateSidecars })
        expectKept(result)
        for (const what of result.superseded) outcomes.set(what, (outcomes.get(what) ?? 0) + 1)
      }
      expect([...outcomes.keys()].sort()).toEqual(['cancelled', 'done', 'kept', 'rendered again'])
    })
  },
)

const SEEDS_OF_TWINS = 100
const FIRST_SEEDS_OF_TWINS = [1, 101]

/** Two manifests order the same new clips within milliseconds. Processes die, and nothing else fails. */
const withTwins = (schedule: Schedule): Schedule => ({
  ...schedule,
  ...{ maxAttempts: 5, maxReceives: 50, malformedMessages: 0, manifestMs: 0, manifestSeeds: [1, 2] },
  moreManifests: [{ kind: 'same-clips', afterMs: 0 }],
  calls: { ...NO_CALL_FAULTS, crash: 0.02 },
  incidents: [],
  uploads: schedule.uploads.slice(0, 2).map(() => ({ ...PLANNED, atMs: 0, kind: 'good' })),
})

describe.skipIf(ONE_SEED !== undefined)('a job that two uploads order within milliseconds', () => {
  test.each(FIRST_SEEDS_OF_TWINS)(
    'publishes an event for each upload with the context of that upload, from seed %i on',
    async (first) => {
      let requests = 0
      for (let seed = first; seed < first + SEEDS_OF_TWINS; seed++) {
        const result = await simulate(seed, images, { alterSchedule: withTwins })
        expectKept(result)
        requests += new Set(result.published.map(({ event_id }) => event_id)).size
      }
      expect(requests).toBeGreaterThan(SEEDS_OF_TWINS * 10)
    },
  )
})

test.skipIf(ONE_SEED !== undefined)('a seed produces the same trace in each run', async () => {
  expect((await simulate(8, images)).trace).toEqual((await simulate(8, images)).trace)
})

test.runIf(ONE_SEED !== undefined)(`schedule ${ONE_SEED} has no violations`, async () => {
  const result = await simulate(Number(ONE_SEED), images)
  process.stdout.write(`${result.trace.join('\n')}\n`)
  expectKept(result)
})
