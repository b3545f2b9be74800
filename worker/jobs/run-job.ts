import { abortWith } from '../../shared/abort-with.ts'
import { decodeParameters } from '../../shared/contracts/parameters-document.ts'
import type { ClipQuality, RejectedVideo } from '../../shared/contracts/result-record.ts'
import type { SpentAttempt } from '../../shared/contracts/status-record.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { ActiveJob, JobStage } from './active-job.ts'
import { AttemptsSpentError } from './attempts-spent-error.ts'
import { closeDone, closeJob } from './close-job.ts'
import { createEtaEstimator } from './eta-estimator.ts'
import type { JobDeps } from './job-deps.ts'
import type { FinishedJob, PreparedJob, RenderedJob, RenderPath, StageContext } from './job-stages.ts'
import type { JobEnd } from './leased-job.ts'
import { noteInWork } from './note-in-work.ts'
import { PostponedError } from './postponed-error.ts'
import { QualityError } from './quality/quality-error.ts'
import { hasResult } from './result-store.ts'
import { settleFailure } from './settle-failure.ts'
import type { DeviceSlot } from './slots/device.ts'
import type { Mutex } from './slots/mutex.ts'
import { countAttempts } from './spent-attempts.ts'
import { PREPARE_LIMIT_MS, uploadLimitMs } from './stage-limits.ts'
import { steadyStore } from './steady-store.ts'
import { storeOutputs } from './store-outputs.ts'
import { storeRejected } from './store-rejected.ts'

/*
 * Each worker has three slots, with one job in each:
 *
 *   preparing ────────────▶ rendering ─────────────▶ finishing ──────────▶
 *   received, done before?  has the device, or       frames to MP4, checks,
 *   image fetched           waits for the slot       outputs, or what was rejected,
 *                           behind it                record, message
 *
 * A job keeps its slot until it has the next one. The device is free as soon as a render ends: a job that finishes
 * and has to be rendered once more takes it before the job that comes next.
 */
export interface WorkerSlots {
  readonly rendering: Mutex
  readonly finishing: Mutex
  readonly device: DeviceSlot
  /** The job that had the device last; `null`: none had it. */
  lastRendered: ActiveJob | null
}

const begin = (active: ActiveJob, stage: Exclude<JobStage, 'waiting'>, { onEvent }: JobDeps): void => {
  active.stage = stage
  active.status.report({ state: stage })
  onEvent({ type: 'job-stage', jobId: active.attempt.job.job_id, stage })
}

/**
 * Resolves when the status of the job rendered before is written; `null` if there is nothing to wait for. A job whose
 * earlier attempts failed may end this worker at once. The job before must then have no open entry any more, because
 * the entry would count as an attempt at it.
 */
const othersSettled = (active: ActiveJob, slots: WorkerSlots): Promise<void> | null => {
  const before = slots.lastRendered
  slots.lastRendered = active
  return active.hasFailedBefore && before !== null ? before.status.settled() : null
}

const render = (
  active: ActiveJob,
  prepared: PreparedJob,
  path: RenderPath,
  slots: WorkerSlots,
  deps: JobDeps,
) => {
  const { attempt, signal, received } = active
  const { device } = slots
  const jobId = attempt.job.job_id
  const parameters = decodeParameters(attempt.job.parameters)
  deps.speed.assertEnds(parameters)
  active.timeLeft = createEtaEstimator()
  const context: StageContext = {
    signal,
    onProgress(progress) {
      active.timeLeft.update(progress, deps.clock.elapsedMs())
      active.status.report({ state: 'rendering', progress })
      if (progress.phase === 'denoise') {
        const fault = deps.speed.note(parameters, progress, active.timeLeft.secondsPerStep())
        if (fault !== null) active.abort(fault)
      }
      deps.onEvent({ type: 'job-progress', jobId, progress })
    },
  }
  return device.use(
    async () => {
      const settled = othersSettled(active, slots)
      if (settled !== null) await settled
      const rendered = await prepared.render(path, context)
      // Before the next job has the device.
      begin(active, 'publishing', deps)
      return rendered
    },
    {
      signal,
      first: path === 'fallback-decode',
      onStart(idleMs) {
        begin(active, 'rendering', deps)
        if (path === 'fallback-decode') return
        const nothingQueued = received.awaited && received.arrivedMs > (device.endedMs() ?? 0)
        deps.onEvent({ type: 'device-idle', jobId, gapMs: nothingQueued ? null : idleMs })
      },
      onEnd(usedSeconds) {
        attempt.deviceSeconds += usedSeconds
      },
    },
  )
}

interface Finished {
  readonly clip: FinishedJob
  /** Whether another worker completed the job meanwhile, by a second copy of its message. */
  readonly doneBefore: boolean
}

const finish = async (active: ActiveJob, rendered: RenderedJob, deps: JobDeps): Promise<Finished> => {
  const { attempt, signal } = active
  const jobId = attempt.job.job_id
  const finishing = rendered.finish(signal, (progress) =>
    deps.onEvent({ type: 'job-progress', jobId, progress }),
  )
  // Asked while the clip is encoded and checked, so that the answer takes no time of its own.
  const asking = hasResult(steadyStore(deps.store, deps), jobId, signal)
  // Where the clip fails, its error is the one that counts.
  asking.catch(() => {})
  const clip = await finishing
  attempt.rendered = rendered.seconds
  attempt.decodeChunk = rendered.decodeChunk
  attempt.decodeFallbacks = rendered.decodeFallbacks
  attempt.finished = clip.seconds
  return { clip, doneBefore: await asking }
}

const qualityOf = ({ videos }: FinishedJob): ClipQuality[] => videos.map(({ quality }) => quality)
const passes = (clip: FinishedJob): boolean => qualityOf(clip).every(({ faults }) => faults.length === 0)

/** The videos of the clip that are kept. The files of an earlier clip of the attempt were overwritten by this one's. */
const keepRejected = async (
  { attempt, attemptId, signal }: ActiveJob,
  { videos }: FinishedJob,
  { store, clock, random, worker, onEvent }: JobDeps,
): Promise<readonly RejectedVideo[]> => {
  const jobId = attempt.job.job_id
  const { rejected, failure } = await storeRejected(
    steadyStore(store, { clock, random }),
    { jobId, attemptId, workerId: worker.id },
    videos,
    { clock, signal },
  )
  onEvent({ type: 'clip-rejected', jobId, videos: rejected.map(({ video }) => video.key), failure })
  return rejected
}

/**
 * Renders the clip once more with the fallback decode, which neither memory nor seams can spoil. Throws `QualityError`
 * if that clip is bad too, unless the job has been completed meanwhile.
 */
const makeFallbackClip = async (
  active: ActiveJob,
  prepared: PreparedJob,
  faulty: FinishedJob,
  slots: WorkerSlots,
  deps: JobDeps,
): Promise<Finished> => {
  active.attempt.fallbackDecode = true
  const rendered = await render(active, prepared, 'fallback-decode', slots, deps)
  const finished = await finish(active, rendered, deps)
  const { clip, doneBefore } = finished
  if (doneBefore || passes(clip)) return finished
  const quality = [...qualityOf(faulty), ...qualityOf(clip)]
  throw new QualityError(quality, await keepRejected(active, clip, deps))
}

const makeAndPublish = async (
  active: ActiveJob,
  preparing: Disposable,
  slots: WorkerSlots,
  deps: JobDeps,
): Promise<JobEnd> => {
  const { attempt, attemptId, signal } = active
  const { clock } = deps
  const store = steadyStore(deps.store, deps)
  const { job } = attempt
  const secondsSince = (startedMs: number): number => (clock.elapsedMs() - startedMs) / 1000

  begin(active, 'preparing', deps)
  const startedMs = clock.elapsedMs()
  await using folder = await deps.scratch.open()
  const prepared = await withTimeLimit(
    { clock, limitMs: PREPARE_LIMIT_MS, what: 'preparing the image', signal },
    (until) => deps.prepareJob(job, folder.path, until),
  )
  attempt.prepareSeconds = secondsSince(startedMs)

  active.stage = 'waiting'
  using rendering = await slots.rendering.enter(signal)
  preparing[Symbol.dispose]()
  const rendered = await render(active, prepared, 'as-asked', slots, deps)

  using _ = await slots.finishing.enter(signal)
  rendering[Symbol.dispose]()
  const first = await finish(active, rendered, deps)
  const isEnough = first.doneBefore || passes(first.clip)
  const { clip, doneBefore } = isEnough
    ? first
    : await makeFallbackClip(active, prepared, first.clip, slots, deps)
  // A clip with warnings may be as bad as the one that it would be a witness against.
  const isGood = passes(clip) && qualityOf(clip).every(({ warnings }) => warnings.length === 0)
  if (isGood) deps.clips.notePassed()
  if (doneBefore) return await closeDone(active, deps)

  const publishingMs = clock.elapsedMs()
  const files = clip.videos.flatMap(({ video, poster, files }) => [video, poster, ...files])
  const sizeBytes = files.reduce((total, file) => total + file.sizeBytes, 0)
  const outputs = await withTimeLimit(
    { clock, limitMs: uploadLimitMs(sizeBytes), what: 'uploading the clip', signal },
    (until) => storeOutputs(store, { jobId: job.job_id, attemptId }, clip.videos, until),
  )
  attempt.publishSeconds = secondsSince(publishingMs)
  // Removed beside what follows: the files are needed no more, and the end of this function waits for it.
  void folder[Symbol.asyncDispose]()
  return await closeJob(active, { state: 'succeeded', outputs }, deps)
}

const assertAttemptLeft = (
  attempts: readonly SpentAttempt[],
  { maxAttempts, clock }: Pick<JobDeps, 'maxAttempts' | 'clock'>,
): void => {
  const count = countAttempts(attempts, maxAttempts, clock.now())
  if (count === 'spent') throw new AttemptsSpentError(attempts)
  if (count === 'left') return
  throw new PostponedError('another worker renders the last attempt at the job', {
    workersFault: false,
    delaySeconds: count.waitSeconds,
  })
}

/**
 * Runs one job, from its message to its record, and returns its outcome. Never throws. Disposes of `preparing` when
 * the job gets its slot for rendering, or ends.
 */
export const runJob = async (
  active: ActiveJob,
  preparing: Disposable,
  slots: WorkerSlots,
  deps: JobDeps,
): Promise<JobEnd> => {
  const ended = new AbortController()
  using _ = abortWith(ended, [active.signal])
  void active.cancel.watchUntil(ended.signal)
  void noteInWork(deps, active.attempt.job.job_id, ended.signal)
  try {
    const { attempt, status, cancel, signal } = active
    const [done, attempts, cancelled] = await Promise.all([
      hasResult(steadyStore(deps.store, deps), attempt.job.job_id, signal),
      status.readAttempts(signal),
      cancel.findCancelled(signal),
    ])
    if (done) return await closeDone(active, deps)
    assertAttemptLeft(attempts, deps)
    active.hasFailedBefore = attempts.length > 0
    if (cancelled !== null) throw cancelled
    return await makeAndPublish(active, preparing, slots, deps)
  } catch (error) {
    return await settleFailure(active.signal.aborted ? active.signal.reason : error, active, deps)
  } finally {
    ended.abort('done')
    preparing[Symbol.dispose]()
  }
}
