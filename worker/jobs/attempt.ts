import type { JobMessage } from '../../shared/contracts/job-message.ts'
import type { FinishedClip, RenderedClip } from './job-stages.ts'

/** Who did it, and what its time costs. */
export interface WorkerIdentity {
  readonly id: string
  readonly version: string
  readonly executionProvider: string
  /** Name of the card, or of the processor. */
  readonly device: string
  /** Of the networks: fp16 or fp32. */
  readonly precision: string
  /** Null: nobody said. */
  readonly usdPerHour: number | null
}

/** One delivery's try at a job, and what it has come to so far: in the end, what its record says. */
export interface Attempt {
  readonly job: JobMessage
  /** 1 on the first delivery. */
  readonly number: number
  readonly startedAt: Date
  prepareSeconds: number | null
  /** Of the clip that was finished last. */
  rendered: RenderedClip['seconds'] | null
  decodeChunk: number | null
  decodeFallbacks: number | null
  finished: FinishedClip['seconds'] | null
  publishSeconds: number | null
  /** Of all its renders, also those that failed. */
  deviceSeconds: number
  saferPath: boolean
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
  saferPath: false,
})

/** From submit to receive; clocks of two machines may disagree, and nobody waits for less than nothing. */
export const waitingSeconds = ({ job, startedAt }: Pick<Attempt, 'job' | 'startedAt'>): number =>
  Math.max(0, (startedAt.getTime() - Date.parse(job.submitted_at)) / 1000)
