/** A user or ingest asked for the job to be stopped. */
export class JobCancelledError extends Error {
  override readonly name = 'JobCancelledError'
}
