import type { JobMessage } from '../../shared/contracts/job-message.ts'
import type { FinishedJob, RenderedJob } from './job-stages.ts'

/** Identity of the worker that makes an attempt, and the price of its time. */
export interface WorkerIdentity {
  readonly id: string
  readonly version: string
  readonly executionProvider: string
  /** Name of the card, or of the processor. */
  readonly device: string
  /** Precision of the networks: fp16 or fp32. */
  readonly precision: string
  /** Price of the machine; `null` if none is set. */
  readonly usdPerHour: number | null
}

/** Attempt of one delivery at a job, with its results so far. The job's result record is made of it. */
export interface Attempt {
  readonly job: JobMessage
  /** 1 on the first delivery. */
  readonly number: number
  readonly startedAt: Date
  prepareSeconds: number | null
  /** Seconds that the clip finished last took in each phase of its render. */
  rendered: RenderedJob['seconds'] | null
  decodeChunk: number | null
  decodeFallbacks: number | null
  finished: FinishedJob['seconds'] | null
  publishSeconds: number | null
  /** Seconds of all its renders on the device, also of those that failed. */
  deviceSeconds: number
  fallbackDecode: boolean
}

export const startAttempt = (job: JobMessage, number: number, startedAt: Date): Attempt => ({
  job,
  number,
  startedAt,
  prepareSeconds: null,
  rendered: null,
  decodeChunk: null,
  decodeFallbacks: null,
  finished: null,
  publishSeconds: null,
  deviceSeconds: 0,
  fallbackDecode: false,
})

/** Seconds from submit to receive. At least 0, because the clocks of two machines may disagree. */
export const waitingSeconds = ({ job, startedAt }: Pick<Attempt, 'job' | 'startedAt'>): number =>
  Math.max(0, (startedAt.getTime() - Date.parse(job.submitted_at)) / 1000)
