import { NoSuchBucket, S3ServiceException } from '@aws-sdk/client-s3'

/** HTTP status of an error that S3 answered with; null: it did not answer, or the error is not S3's. */
export const httpStatusOf = (error: unknown): number | null =>
  error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? null) : null

/** The object is not there: 404, or 405 where the version asked for is a deletion. A missing bucket is a mistake. */
export const isAbsence = (error: unknown): boolean =>
  !(error instanceof NoSuchBucket) && (httpStatusOf(error) === 404 || httpStatusOf(error) === 405)

/** A condition did not hold: `If-Match`, `If-None-Match`. */
export const isUnmetCondition = (error: unknown): boolean => httpStatusOf(error) === 412

/** Another conditional write was under way: neither has it been made, nor has the condition failed. */
export const isConflict = (error: unknown): boolean => httpStatusOf(error) === 409
