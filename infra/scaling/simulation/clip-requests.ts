import { LEASE_OPTIONS } from '../../../worker/queue/hold-lease.ts'
import { WORKER_OPTIONS } from '../../../worker/queue/worker-deps.ts'

/*
 * What one clip asks of S3 and SQS: an image that is dropped without a sidecar, seen for the first time, rendered at
 * the first try, and announced. Counted in the code of functions/ingest, functions/notify and worker; HEAD and GET are reads. PUT is a write, and
 * so is LIST, because S3 asks the same price for both.
 */

/**
 * Progress events of a render of 25 steps: load, two of the image's encoding, 25 steps, 4 chunks of frames
 * (pipeline/progress.ts).
 */
const PROGRESS_EVENTS = 32
/** `preparing`, `rendering`, `publishing` (jobs/run-job.ts). */
const STAGES = 3

export interface PrefixRequests {
  readonly bucket: 'input' | 'output'
  readonly prefix: string
  readonly reads: number
  readonly writes: number
  /** Purpose of the requests. */
  readonly of: string
}

/** At most one of a kind in `intervalMs`, of those that a render of so many seconds gives cause for. */
const atMost = (intervalMs: number, renderSeconds: number, events = PROGRESS_EVENTS): number =>
  Math.min(events, Math.ceil((renderSeconds * 1000) / intervalMs))

export interface RequestOptions {
  /** Seconds that the leased clip waits in the worker behind the one before it; default: as long as it renders. */
  readonly waitingSeconds?: number
  readonly statusIntervalMs?: number
  readonly cancelIntervalMs?: number
}

/** For one clip, from its drop to its record. */
export const s3RequestsOfClip = (
  renderSeconds: number,
  {
    waitingSeconds = renderSeconds,
    statusIntervalMs = WORKER_OPTIONS.statusIntervalMs,
    cancelIntervalMs = WORKER_OPTIONS.cancelIntervalMs,
  }: RequestOptions = {},
): readonly PrefixRequests[] => {
  // Each heartbeat of the lease renews the attempt's entry among those that count.
  const renewals = Math.floor(renderSeconds / LEASE_OPTIONS.beatSeconds)
  const statusWrites = STAGES + atMost(statusIntervalMs, renderSeconds, PROGRESS_EVENTS + renewals)
  const looks = Math.floor((1000 * (waitingSeconds + renderSeconds)) / cancelIntervalMs)
  return [
    {
      bucket: 'input',
      prefix: 'images/',
      reads: 2,
      writes: 2,
      of: 'the drop; ingest: object, image, and a LIST for sidecars',
    },
    {
      ...{ bucket: 'output', prefix: 'inputs/', reads: 3, writes: 2 },
      of: 'ingest: known? there? image and note; worker: image',
    },
    {
      ...{ bucket: 'output', prefix: 'reports/', reads: 3, writes: 1 },
      of: 'ingest: there? report; notify: report, after it and after the result',
    },
    {
      ...{ bucket: 'output', prefix: 'jobs/', reads: 5, writes: 3 },
      of: 'ingest: done? worker: done? at the start and before the upload; video, poster, result; notify: result, twice',
    },
    { bucket: 'output', prefix: 'orders/', reads: 0, writes: 1, of: 'notify: a LIST for other uploads' },
    {
      ...{ bucket: 'output', prefix: 'status/', reads: 4, writes: 1 + statusWrites + 1 },
      of: 'ingest: there? queued; worker: there? stages, progress and heartbeats, at most one a second; the end; notify: first upload',
    },
    // Besides, one job of 256 has the index counted.
    { bucket: 'output', prefix: 'index/', reads: 0, writes: 3, of: 'ingest: queued; worker: in work, ended' },
    {
      ...{ bucket: 'output', prefix: 'cancel/', reads: 2 + looks, writes: 0 },
      of: 'worker: asked to stop? every two seconds',
    },
  ]
}

/** A message is held while the clip before it renders, while its own does, and while that is published. */
export const sqsRequestsOfClip = (renderSeconds: number): number => {
  const beats = Math.floor((2 * renderSeconds) / LEASE_OPTIONS.beatSeconds)
  const ofDrop = 3
  const ofRecord = 3
  const ofJob = { send: 1, receive: 1, remove: 1 }
  return ofDrop + ofJob.send + ofJob.receive + beats + ofJob.remove + RECORDS_OF_CLIP * ofRecord
}

/** Report and result: each is an event of S3 to notify. */
export const RECORDS_OF_CLIP = 2

/** One request, which EventBridge and SNS each get once. */
export const EVENTS_OF_CLIP = 1
