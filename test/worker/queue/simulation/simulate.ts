import { reportKey, resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { SupersededJob } from '../../../../shared/contracts/ingest-report.ts'
import type { JobMessage } from '../../../../shared/contracts/job-message.ts'
import type { PipelineEvent } from '../../../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../../../shared/contracts/result-record.ts'
import { UNSETTLED_MS } from '../../../../shared/job-index/count-entries.ts'
import type { WorkerLogEvent } from '../../../../worker/telemetry/worker-event.ts'
import { openMemoryMessageQueue, type QueuedMessage } from '../../../fixtures/memory-message-queue.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { dateAt } from '../../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../../fixtures/virtual-time.ts'
import { watchAttempts } from './attempts-watch.ts'
import { faultsOfEvents } from './faults-of-events.ts'
import { letThemCount } from './index-counters.ts'
import { faultsOfIndex } from './index-faults.ts'
import { faultsOfJob, recordsIn, reportsIn } from './job-records.ts'
import {
  HEALED_MS,
  type Incident,
  isCalm,
  type PlannedUpload,
  planSchedule,
  type Schedule,
} from './schedule.ts'
import { seededRandom } from './seeded-random.ts'
import { simulateIngest } from './simulated-ingest.ts'
import { startMachine } from './simulated-machine.ts'
import { simulateNotify } from './simulated-notify.ts'
import { simulateRedrive } from './simulated-redrive.ts'
import type { JobKind } from './simulated-renderer.ts'
import { contextOfImage, type UploadableImage, type UploadableImages } from './uploadable-images.ts'
import { manifestsOf } from './uploaded-manifests.ts'
import { letPeopleUpload } from './uploaders.ts'
import { jobIdIn, watchQueue } from './watched-queue.ts'
import { watchStore } from './watched-store.ts'
import { openWeather } from './weather.ts'

export interface SimulationResult {
  readonly seed: number
  /** Violations of what must hold. Empty if there are none. */
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly events: readonly WorkerLogEvent[]
  /** Result records of jobs, if the simulation reached its end. */
  readonly results: readonly ResultRecord[]
  /** Outcomes of jobs that late sidecars superseded; `rendered again`: a job was cancelled, and ordered again. */
  readonly superseded: readonly (SupersededJob['outcome'] | 'rendered again')[]
  /** All published events, including duplicates. */
  readonly published: readonly PipelineEvent[]
  /** Ids of jobs that a person redrove. */
  readonly redriven: ReadonlySet<string>
}

export interface SimulationOptions {
  /** Replaces the output bucket by a faulty one, so that a test sees that the fault is found. */
  readonly alterStore?: (store: MemoryObjectStore) => MemoryObjectStore
  readonly alterSchedule?: (schedule: Schedule) => Schedule
}

/** The latest end of a simulation. All back-offs end before it. */
const OVER_MS = HEALED_MS + 24 * 3_600_000
const DRAIN_MS = 3_600_000

/** The jobs that an image must have in the end, also if its sidecar was late. */
const jobsOfUpload = (
  { videos, sidecar }: PlannedUpload,
  { jobIds, otherJobIds }: UploadableImage,
): readonly string[] => {
  if (sidecar?.kind === 'faulty') return []
  return [sidecar?.kind === 'other' ? otherJobIds[videos] : jobIds[videos]]
}

/** Runs one schedule to its end. The same seed gives the same run. */
export const simulate = async (
  seed: number,
  { images, known }: UploadableImages,
  { alterStore = (store) => store, alterSchedule = (planned) => planned }: SimulationOptions = {},
): Promise<SimulationResult> => {
  const random = seededRandom(seed)
  const schedule = alterSchedule(planSchedule(random))
  const time = openVirtualTime()
  const now = (): number => dateAt(time.nowMs()).getTime()
  const violations: string[] = []
  const lines: string[] = []
  const events: WorkerLogEvent[] = []
  const trace = (line: string): void => {
    lines.push(`${(time.nowMs() / 1000).toFixed(3)} ${line}`)
  }
  const violate = (what: string): void => {
    trace(`!!! ${what}`)
    violations.push(what)
  }

  const input = openMemoryObjectStore({ bucket: 'input', now })
  const output = alterStore(openMemoryObjectStore({ bucket: 'output', now }))
  for (const { key, bytes } of known) await output.put(key, bytes, { contentType: '' }, unaborted)
  const deadLetters = openMemoryMessageQueue({ url: 'dead', now, random: random.next })
  const jobs = openMemoryMessageQueue({
    url: 'jobs',
    now,
    random: random.next,
    duplicates: schedule.duplicates,
    redrive: { deadLetters, maxReceiveCount: schedule.maxReceives },
  })
  const isDone = (jobId: string): boolean => output.keys().includes(resultKey(jobId))
  const recordOf = (jobId: string): number | null =>
    isDone(jobId) ? output.writes.findLastIndex(({ key }) => key === resultKey(jobId)) : null
  const kindBySource = new Map(schedule.uploads.map(({ kind }, index) => [images[index]!.key, kind]))
  /** Ids of jobs that a person redrove, and that succeed from then on. */
  const mended = new Set<string>()
  const kindOfJob = (jobId: string, sourceKey: string): JobKind =>
    mended.has(jobId) ? 'good' : (kindBySource.get(sourceKey) ?? 'good')
  const kindOf = ({ job_id, image }: Pick<JobMessage, 'job_id' | 'image'>): JobKind =>
    kindOfJob(job_id, image.source_key)

  const weather = openWeather(schedule, time.nowMs)
  const attempts = watchAttempts({ schedule, store: output, deadLetters, epochMs: now, violate })
  const { calls } = schedule
  const notify = simulateNotify({ time, random, output, calls, trace })
  const watchedOutput = notify.watch(
    watchStore(output, violate, attempts.recorded, (jobId) => mended.has(jobId)),
  )
  const watched = { store: output, violate }
  const machines = Array.from({ length: schedule.machines }, (_, index) =>
    startMachine({
      ...{ time, random, recordOf, kindOf, faults: weather, epochMs: now, trace, violate },
      name: `worker-${index}`,
      store: watchedOutput,
      jobs: { port: watchQueue({ ...watched, queue: jobs, deadLetters }), memory: jobs },
      deadLetters: {
        port: watchQueue({ ...watched, queue: deadLetters, deadLetters: null }),
        memory: deadLetters,
      },
      ...{ maxAttempts: schedule.maxAttempts, lease: schedule.lease, attempts },
      hasOtherModel: () => schedule.otherModel && index === 0 && !weather.isHealed(),
      onEvent(event) {
        events.push(event)
        if (event.type === 'job-abandoned' && isCalm(schedule))
          violate(`${event.jobId} was lost, and nothing had failed: ${event.reason}`)
      },
    }),
  )
  const ingest = simulateIngest({ time, random, input, output: watchedOutput, jobs, faults: weather, trace })
  letPeopleUpload({ time, random, schedule, images, input, output, jobs, ingest, trace })

  letThemCount({ time, random, store: watchedOutput, faults: weather.store, trace })

  const redrive = simulateRedrive({ time, random, output: watchedOutput, jobs, deadLetters, trace })

  const strike = (incident: Incident): void => {
    trace(`incident ${JSON.stringify(incident)}`)
    switch (incident.type) {
      case 'crash':
        machines[incident.machine]!.crash('without a word')
        break
      case 'drain':
        machines[incident.machine]!.drain('SIGTERM', incident.secondsLeft)
        break
      case 'freeze':
        machines[incident.machine]!.freeze(incident.forMs)
        break
      case 'lost-lease': {
        const inFlight = jobs.messages().filter(({ visibleAtMs }) => visibleAtMs > now())
        if (inFlight.length > 0) (random.pick(inFlight) as QueuedMessage).visibleAtMs = now()
        break
      }
      default:
        weather.turn(incident)
    }
  }
  for (const incident of schedule.incidents) time.after(incident.atMs, () => strike(incident))

  const isRecorded = ({ body, messageId }: QueuedMessage): boolean => {
    const jobId = jobIdIn(body)
    return jobId === null ? output.keys().includes(reportKey(`messages/${messageId}`)) : isDone(jobId)
  }
  const haveJobsEnded = (): boolean =>
    weather.isHealed() &&
    ingest.waiting() === 0 &&
    redrive.isOver() &&
    jobs.messages().length === 0 &&
    deadLetters.messages().every(isRecorded)

  /** A worker that has leased a dead-letter message would record its job as failed while the redrive brings it back. */
  const mayRedrive = (): boolean =>
    !schedule.redrives || deadLetters.messages().every(({ visibleAtMs }) => visibleAtMs <= now())
  const isSettled = (): boolean => haveJobsEnded() && notify.waiting() === 0

  try {
    await time.runUntil(() => violations.length > 0 || (haveJobsEnded() && mayRedrive()), OVER_MS)
    const failed = recordsIn(output).filter(({ state }) => state === 'failed')
    if (schedule.redrives && failed.length > 0 && violations.length === 0) {
      for (const { job_id } of failed) mended.add(job_id)
      redrive.begin()
    }
    await time.runUntil(() => violations.length > 0 || isSettled(), OVER_MS)
    for (const machine of machines) {
      machine.retire()
      machine.drain('the simulation is over', null)
    }
    await time.runUntil(
      () => violations.length > 0 || machines.every((machine) => machine.isEmpty()),
      time.nowMs() + DRAIN_MS,
    )
  } catch (error) {
    violate(`${error instanceof Error ? error.message : error}`)
  }
  if (violations.length > 0)
    return {
      seed,
      violations,
      trace: lines,
      events,
      results: [],
      superseded: [],
      published: [],
      redriven: mended,
    }

  const reports = reportsIn(output)
  for (const [index, upload] of schedule.uploads.entries()) {
    const { key, jobIds } = images[index]!
    const expected = jobsOfUpload(upload, images[index]!)
    const accepted = reports.get(key)?.jobs.map(({ job_id }) => job_id)
    if (accepted?.join() !== expected.join()) violate(`${key} was uploaded, and accepted as ${accepted}`)
    const { videos, atMs, cancelledMs } = upload
    for (const jobId of expected) {
      const stoppedBefore = jobId === jobIds[videos] && cancelledMs !== null && cancelledMs <= atMs
      const faults = await faultsOfJob(output, jobId, { kind: kindOfJob(jobId, key), stoppedBefore })
      for (const what of faults) violate(what)
    }
  }
  // Another worker may lease a second copy of a message at the same time.
  const mostDeaths = schedule.maxAttempts + (schedule.duplicates > 0 ? schedule.machines - 1 : 0)
  const results = recordsIn(output)
  for (const { job_id, failure } of results) {
    const marked = attempts.markedDeaths(job_id)
    if (marked > mostDeaths)
      violate(`${job_id} took ${marked} workers down, with ${schedule.maxAttempts} attempts`)
    const hasLetter = deadLetters.messages().some(({ body }) => jobIdIn(body) === job_id)
    if (failure?.class === 'exhausted' && !hasLetter) violate(`${job_id} has failed, and has no dead letter`)
  }
  const stoppedByPeople = new Set(
    schedule.uploads.flatMap(({ cancelledMs, videos }, index) =>
      cancelledMs === null ? [] : [images[index]!.jobIds[videos]],
    ),
  )
  const stateById = new Map(results.map(({ job_id, state }) => [job_id, state]))
  for (const { key, jobs: accepted, superseded } of reports.values()) {
    for (const { job_id, image } of accepted) {
      const kind = kindOfJob(job_id, image)
      for (const what of await faultsOfJob(output, job_id, { kind, stoppedBefore: false })) violate(what)
      if (stateById.get(job_id) === 'cancelled' && !stoppedByPeople.has(job_id))
        violate(`${job_id} is named by the report on ${key}, and was cancelled by nobody`)
    }
    for (const { job_id, outcome } of superseded) {
      if (outcome === 'pending') violate(`${job_id} is superseded in the report on ${key}, and not decided`)
      if (!stateById.has(job_id)) violate(`${job_id} is superseded, and has no record`)
    }
  }
  const originById = new Map(results.map(({ job_id, job }) => [job_id, job.origin.key]))
  const reported = [...reports.values()].flatMap((one) =>
    one.jobs.map(({ job_id }) => job_id).filter((jobId) => originById.get(jobId) === one.key),
  )
  const settled = dateAt(time.nowMs() + 2 * UNSETTLED_MS)
  for (const what of await faultsOfIndex(output, { results, reported, now: settled })) violate(what)
  const manifests = new Map(
    manifestsOf(
      schedule,
      schedule.uploads.map((_, index) => images[index]!.key),
    ).map((manifest) => [manifest.key, manifest]),
  )
  const contextOf = (uploadKey: string, item: number | null): unknown => {
    if (item !== null) return manifests.get(uploadKey)?.contextOf(item)
    const index = images.findIndex(({ key }) => key === uploadKey)
    const { videos, sidecar } = schedule.uploads[index]!
    return contextOfImage(videos, sidecar?.kind ?? null)
  }
  const { published } = notify
  for (const what of faultsOfEvents({ store: output, published, reports, results, contextOf })) violate(what)
  const outcomes = [...reports.values()].flatMap(({ superseded }) => superseded.map(({ outcome }) => outcome))
  const putAside = output.keys().filter((key) => /^jobs\/[^/]+\/failures\//.test(key))
  const superseded = [...outcomes, ...putAside.map(() => 'rendered again' as const)]
  return { seed, violations, trace: lines, events, results, superseded, published, redriven: mended }
}
