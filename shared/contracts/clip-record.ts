import { z } from 'zod'
import { CLIP_FORMATS, FORMAT_TRAITS, POSTER_ENDING } from './clip-format.ts'
import { type JobMessage, jobIdSchema, modelReferenceSchema, sha256Schema } from './job-message.ts'
import { parametersDocumentSchema } from './parameters-document.ts'
import type { ResultRecord } from './result-record.ts'

/*
 * How a clip was made, without paths, users or times:
 *
 *   clip.mp4    ClipMetadata, as JSON in its comment, which a WebM and a MOV have too
 *   clip.json   ClipRecord: the same, and the files of the clip in all its formats
 *
 * `svd render` writes both. The worker writes the first, and `svd download` the second beside it. `svd show` reads both, and
 * `svd render --skip-existing` compares the second.
 */

/** All that decides a clip's frames, and the program that made it. Its keys are a contract. */
export const clipMetadataSchema = z.object({
  /** Version of svd-batch, which made the clip. The key also tells these documents from others. */
  svd_batch: z.string(),
  version: z.literal(1),
  image: z.object({
    /** Name of the image's file, without folders. */
    name: z.string(),
    /** Hash of the image's pixels, see `hashPixels`. */
    pixels_sha256: sha256Schema,
  }),
  model: modelReferenceSchema,
  parameters: parametersDocumentSchema,
  /** Index of the clip among the videos of its image, from 0, see `num_videos_per_prompt`. */
  video: z.int().nonnegative(),
  /** Frames decoded at once: as requested, or as svd chose for the memory of the machine. `null`: unknown. */
  decode_chunk_size: z.int().positive().nullable(),
  /** Whether the clip came from the fallback decode: small decode chunks that overlap. */
  fallback_decode: z.boolean(),
  execution_provider: z.string(),
  /** Precision of the networks: fp16 or fp32. `null`: unknown. */
  precision: z.string().nullable(),
  /** Id of the job in the queue. `null`: rendered by `svd render`. */
  job_id: jobIdSchema.nullable(),
})

const clipFileSchema = z.object({
  /** Name of the file, without folders. */
  name: z.string(),
  size_bytes: z.int().nonnegative(),
  sha256: sha256Schema,
})

/** The document beside a clip. `files` are the clip in each of its formats, and its poster. */
export const clipRecordSchema = clipMetadataSchema.extend({
  frames: z.int().positive(),
  files: z.array(clipFileSchema).min(1),
})

export type ClipMetadata = z.infer<typeof clipMetadataSchema>
export type ClipFile = z.infer<typeof clipFileSchema>
export type ClipRecord = z.infer<typeof clipRecordSchema>

/** Part of a path or key after its last `/`. */
export const baseNameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Program, device and precision with which a clip is made. */
export type ClipMaker = Pick<ClipMetadata, 'svd_batch' | 'execution_provider' | 'precision'>

/** Facts of a clip that only its render decides. */
export type ClipRender = Pick<ClipMetadata, 'video' | 'decode_chunk_size' | 'fallback_decode'>

/** Metadata of one video of a job, as its files carry them. */
export const clipMetadataOfJob = (
  { job_id, image, model, parameters }: JobMessage,
  { svd_batch, execution_provider, precision }: ClipMaker,
  { video, decode_chunk_size, fallback_decode }: ClipRender,
): ClipMetadata => ({
  svd_batch,
  version: 1,
  image: { name: baseNameOf(image.source_key), pixels_sha256: image.pixels_sha256 },
  model,
  parameters,
  video,
  decode_chunk_size,
  fallback_decode,
  execution_provider,
  precision,
  job_id,
})

/** The same metadata, from the result of a job that succeeded. `video` is the index of the video, from 0. */
export const clipMetadataOfResult = (
  { job, worker, safer_path, decode_chunk_size }: ResultRecord,
  video: number,
): ClipMetadata => {
  const { version, execution_provider, precision = null } = worker
  return clipMetadataOfJob(
    job,
    { svd_batch: version, execution_provider, precision },
    { video, decode_chunk_size, fallback_decode: safer_path },
  )
}

/**
 * Record beside one video of a job that succeeded; `null` if the job was submitted without metadata. `files` are those that
 * are on the disk, by their names there.
 *
 *     const record = clipRecordOfResult(result, 0, [{ name: 'cup.mp4', ...sizeAndHash }])
 *     if (record !== null) await writeFile(clipRecordFileOf('cup.mp4'), encodeClipRecord(record))
 */
export const clipRecordOfResult = (
  result: ResultRecord,
  video: number,
  files: readonly ClipFile[],
): ClipRecord | null =>
  result.job.parameters.metadata === false
    ? null
    : {
        ...clipMetadataOfResult(result, video),
        frames: result.outputs[video]!.frames,
        files: [...files],
      }

/** The text of a record's file. The same record gives the same bytes. */
export const encodeClipRecord = (record: ClipRecord): string => `${JSON.stringify(record, null, 2)}\n`

/** Ending that a record adds to the name that all files of a clip share. */
export const RECORD_ENDING = '.json'

/** Endings of all files of a clip: its formats, its poster and its record. */
export const FILE_ENDINGS: readonly string[] = [
  ...CLIP_FORMATS.map((format) => FORMAT_TRAITS[format].ending),
  POSTER_ENDING,
  RECORD_ENDING,
]

/** File of a clip's record: `cup.mp4`, and any other format of the clip, has `cup.json`. */
export const clipRecordFileOf = (clip: string): string =>
  clip.replace(/\.[^./\\]+$/, '').concat(RECORD_ENDING)

/** A clip's record in the text of a file; `null` if the text is anything else. */
export const parseClipRecord = (text: string): ClipRecord | null => {
  try {
    return clipRecordSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
