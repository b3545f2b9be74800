import { stat } from 'node:fs/promises'
import path from 'node:path'
import { normalizedImageKey } from '../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { findImageIn, type RerunImage, writeStoredImage } from '../../client/submit/rerun-image.ts'
import { findJobId } from '../../client/tracking/job-id-prefix.ts'
import { readJobStatus } from '../../client/tracking/job-status.ts'
import { type FindOptions, findMetadata } from '../../video/find-metadata.ts'

/** A clip that is to be made again: that of a job, or a file. */
export interface RerunSource {
  readonly parameters: ParametersDocument
  readonly image: RerunImage
  /** Folder of the file; `null` for a job. */
  readonly folder: string | null
}

const ID_LIKE = /^[0-9a-f]{1,32}$/i

const sourceOfJob = async (
  outputs: ObjectStore,
  typed: string,
  signal: AbortSignal,
): Promise<RerunSource> => {
  const jobId = await findJobId(outputs, typed, signal)
  const status = await readJobStatus(outputs, jobId, signal)
  if (status !== null) return { parameters: status.parameters, image: status.image, folder: null }
  throw new InvalidInputError(
    typed,
    `job ${jobId} has no record in s3://${outputs.bucket}; submit its image with svd submit`,
  )
}

const sourceOfFile = async (file: string, options: FindOptions): Promise<RerunSource> => {
  const found = await findMetadata(file, options)
  if (found === null) {
    throw new InvalidInputError(
      file,
      'does not tell how it was made; give a job, a clip that svd made with metadata, or the NAME.json beside one',
    )
  }
  const { image, parameters } = found.metadata
  const { name, pixels_sha256 } = image
  return {
    parameters,
    image: { source_key: name, key: normalizedImageKey(pixels_sha256), pixels_sha256 },
    folder: path.dirname(file),
  }
}

const isFile = (typed: string): Promise<boolean> =>
  stat(typed).then(
    (stats) => stats.isFile(),
    () => false,
  )

/**
 * Finds the clip that is meant. `typed`: a file, or the id of a job or its beginning; a file whose name is like an id goes
 * before the job. Throws InvalidInputError.
 */
export const findRerunSource = async (
  outputs: ObjectStore,
  typed: string,
  options: FindOptions,
): Promise<RerunSource> =>
  ID_LIKE.test(typed) && !(await isFile(typed))
    ? await sourceOfJob(outputs, typed, options.signal)
    : await sourceOfFile(typed, options)

/**
 * Finds a file with the image of a clip: beside the clip's file, by its pixels, or else in the output bucket. Throws
 * InvalidInputError if it is in neither.
 */
export const findRerunImage = async (
  outputs: ObjectStore,
  { image, folder }: RerunSource,
  scratchDir: string,
  signal: AbortSignal,
): Promise<string> => {
  const beside = folder === null ? null : await findImageIn(folder, image, scratchDir)
  const file = beside ?? (await writeStoredImage(outputs, image, scratchDir, signal))
  if (file !== null) return file
  const stored = `s3://${outputs.bucket}/${image.key}`
  const where =
    folder === null
      ? `and ${stored} is not there any more`
      : `no image in ${folder} has the pixels of the clip's image, and ${stored} is not there`
  throw new InvalidInputError('--image', `is not given, ${where}; give the image named ${image.source_key}`)
}
