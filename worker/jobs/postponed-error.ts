import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import type { ModelReference } from '../../shared/contracts/job-message.ts'
import { NoAnswerError } from '../../shared/time-limit.ts'

export interface PostponedOptions extends ErrorOptions {
  /** The fault is this worker's, or that of its machine or its way to the store. */
  readonly workersFault: boolean
  /** Seconds that the message waits; `null` for a wait that grows with each delivery. */
  readonly delaySeconds?: number | null
  /** Model that a worker has to have. */
  readonly waitsForModel?: ModelReference
}

/**
 * A job cannot be done here and now, through no fault of the job. Callers decide by it: the message waits, and the attempt
 * does not count.
 */
export class PostponedError extends Error {
  override readonly name = 'PostponedError'
  readonly workersFault: boolean
  readonly delaySeconds: number | null
  readonly waitsForModel: ModelReference | null

  constructor(message: string, { workersFault, delaySeconds, waitsForModel, ...options }: PostponedOptions) {
    super(message, options)
    this.workersFault = workersFault
    this.delaySeconds = delaySeconds ?? null
    this.waitsForModel = waitsForModel ?? null
  }
}

/** Errors of a machine without space, memory or handles. A job meets them, and another machine does not. */
const MACHINE_CODES = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EROFS'])
/** ffmpeg and the renderer report it as text, from processes of their own. */
const FULL_DISK = /no space left on device/i

const isOfMachine = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return MACHINE_CODES.has(String(code)) || FULL_DISK.test(error.message) || isOfMachine(error.cause)
}

/** The error as it is, or a `PostponedError` in place of one that only shows the state of this machine or of the store. */
export const postponedByCause = (error: unknown): unknown => {
  if (error instanceof PostponedError || !(error instanceof Error)) return error
  const options = { workersFault: true, cause: error }
  if (error instanceof DoesNotFitError && error.fitsLater) return new PostponedError(error.message, options)
  if (error instanceof NoAnswerError) return new PostponedError(error.message, options)
  return isOfMachine(error)
    ? new PostponedError(`this machine cannot do the job: ${error.message}`, options)
    : error
}
