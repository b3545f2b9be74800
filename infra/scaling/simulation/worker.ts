import type { ClipQueue } from './clip-queue.ts'
import { around, type Random } from './random.ts'

/*
 * A worker leases up to three clips, one in each slot (worker/jobs/run-job.ts):
 *
 *   preparing ──▶ rendering ──▶ publishing ──▶ done
 */
export const PREPARE_SECONDS = 2
export const PUBLISH_SECONDS = 4
/** From a receive to ECS's answer that the task is protected; and how long it stays so without a job. */
const PROTECT_SECONDS = 2
const PROTECTED_AFTER_SECONDS = 60
/** worker/queue/drain-jobs.ts: from the last frame to the record, and to hand a job back. */
const FINISH_SECONDS = 10

interface Hand {
  readonly clip: number
  /** Time at which the work of the clip's slot ends; the clip may then have to wait for the next slot. */
  readonly until: number
}

export interface Worker {
  readonly readyAt: number
  preparing: Hand | null
  rendering: Hand | null
  publishing: Hand | null
  /** Time at which the worker is ended by force; `null` while it works. */
  endsAt: number | null
  /** Since when it holds nothing; of a worker that boots, since it is ready. */
  idleSince: number
  /** Since when it holds something. */
  busySince: number
  /** Seconds of the device. */
  deviceSeconds: number
  clips: number
  /** Nothing comes to its end before. */
  nextAt: number
}

export interface ClipSeconds {
  readonly seconds: number
  /** Share by which `seconds` varies, up or down. */
  readonly spread: number
}

export const openWorker = (readyAt: number): Worker => ({
  readyAt,
  ...{ preparing: null, rendering: null, publishing: null },
  ...{ endsAt: null, idleSince: readyAt, busySince: 0 },
  ...{ deviceSeconds: 0, clips: 0, nextAt: readyAt },
})

export const isIdle = ({ preparing, rendering, publishing }: Worker): boolean =>
  preparing === null && rendering === null && publishing === null

/** ECS lets its task be. */
export const isProtected = (worker: Worker, now: number): boolean =>
  isIdle(worker)
    ? worker.clips > 0 && now - worker.idleSince < PROTECTED_AFTER_SECONDS
    : now - worker.busySince >= PROTECT_SECONDS

/** Who waits for the next place gets it when that one's clip goes on. */
const nextEnd = ({ preparing, rendering, publishing }: Worker, now: number): number =>
  Math.min(
    ...[preparing, rendering, publishing].map((hand) =>
      hand === null || hand.until <= now ? Number.POSITIVE_INFINITY : hand.until,
    ),
  )

/** One second of its life. */
export const stepWorker = (
  worker: Worker,
  now: number,
  queue: ClipQueue,
  clip: ClipSeconds,
  random: Random,
): void => {
  if (now < worker.readyAt) return
  const takes = worker.preparing === null && worker.endsAt === null && queue.visible() > 0
  if (now < worker.nextAt && !takes) return
  const wasIdle = isIdle(worker)
  const { publishing, rendering, preparing } = worker
  if (publishing !== null && now >= publishing.until) {
    queue.complete(publishing.clip, now)
    worker.clips++
    worker.publishing = null
  }
  if (rendering !== null && now >= rendering.until && worker.publishing === null) {
    worker.publishing = { clip: rendering.clip, until: now + PUBLISH_SECONDS }
    worker.rendering = null
  }
  if (preparing !== null && now >= preparing.until && worker.rendering === null) {
    const seconds = Math.max(1, Math.round(around(clip.seconds, clip.spread, random)))
    worker.rendering = { clip: preparing.clip, until: now + seconds }
    worker.deviceSeconds += seconds
    worker.preparing = null
  }
  if (worker.preparing === null && worker.endsAt === null && queue.visible() > 0) {
    const taken = queue.receive()
    if (taken !== null) worker.preparing = { clip: taken, until: now + PREPARE_SECONDS }
  }
  worker.nextAt = nextEnd(worker, now)
  if (isIdle(worker)) {
    if (!wasIdle) worker.idleSince = now
  } else if (wasIdle) worker.busySince = now
}

/**
 * Handles SIGTERM, or a Spot notice, with the end at `endsAt`: the worker takes no more clips, and releases what it
 * cannot finish. Returns how many of these were rendering.
 */
export const drainWorker = (worker: Worker, now: number, endsAt: number, queue: ClipQueue): number => {
  worker.endsAt = Math.min(worker.endsAt ?? Number.POSITIVE_INFINITY, endsAt)
  if (worker.preparing !== null) queue.handBack(worker.preparing.clip, now, 0)
  worker.preparing = null
  const { rendering } = worker
  if (rendering === null || rendering.until + FINISH_SECONDS <= worker.endsAt) return 0
  queue.handBack(rendering.clip, now, 0)
  worker.rendering = null
  return 1
}

/** Dispatch pauses the workers: takes no more on, finishes what it renders. */
export const pauseWorker = (worker: Worker, now: number, queue: ClipQueue): void => {
  drainWorker(worker, now, Number.POSITIVE_INFINITY, queue)
}

/** Its machine is gone without a word: what it held comes back when its leases run out. Returns how much that is. */
export const loseWorker = (worker: Worker, now: number, queue: ClipQueue, leaseSeconds: number): number => {
  const hands = [worker.preparing, worker.rendering, worker.publishing].filter((hand) => hand !== null)
  for (const { clip } of hands) queue.handBack(clip, now, leaseSeconds)
  worker.preparing = worker.rendering = worker.publishing = null
  return hands.length
}
