import path from 'node:path'
import type { ClipMaker, ClipMetadata } from '../../shared/contracts/clip-record.ts'
import type { ModelReference } from '../../shared/contracts/job-message.ts'
import { encodeParameters } from '../../shared/contracts/parameters-document.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { ClipDevice } from '../device/clip-device.ts'
import type { Versions } from '../engine/versions.ts'
import { identifyModel } from '../models/identify-model.ts'
import type { ImageJob } from './image-job.ts'

/** Facts that all clips of a run have in common. */
export interface SharedFacts {
  readonly maker: ClipMaker
  /** Id and hash of the model. Throws if a file of the checkpoint cannot be read. */
  readonly model: () => Promise<ModelReference>
}

export const makerOf = (
  { choice, precision }: Pick<ClipDevice, 'choice' | 'precision'>,
  svdBatch: string,
): ClipMaker => ({ svd_batch: svdBatch, execution_provider: choice.provider, precision })

/** Hashes the checkpoint at the first call: it takes seconds for gigabytes, and without metadata no clip needs it. */
export const hashedOnDemand = (
  dir: string,
  open: () => Promise<Pick<Checkpoint, 'dir' | 'files' | 'variant'>>,
  signal: AbortSignal,
): SharedFacts['model'] => {
  let hashing: Promise<ModelReference> | undefined
  return () => {
    hashing ??= open().then((checkpoint) => identifyModel(dir, checkpoint, signal))
    // Awaited by each clip that needs it, which may be none.
    hashing.catch(() => {})
    return hashing
  }
}

/** Facts of clips of the checkpoint in a folder, which is opened when its hash is needed. */
export const factsOf = (
  { checkpoint: dir, variant }: { readonly checkpoint: string; readonly variant?: string },
  device: Pick<ClipDevice, 'choice' | 'precision'>,
  { svd_batch }: Pick<Versions, 'svd_batch'>,
  signal: AbortSignal,
): SharedFacts => ({
  maker: makerOf(device, svd_batch),
  model: hashedOnDemand(dir, () => openCheckpoint(dir, variant === undefined ? {} : { variant }), signal),
})

/** Facts that the preparation of an image and its render found. */
export interface RenderedFacts {
  readonly pixelsSha256: string
  /** Frames decoded at once. */
  readonly decodeChunk: number
}

/** Metadata of an image's videos, by their index; `null` for all where the parameter `metadata` is `false`. */
export const metadataOfVideos = async (
  { image, settings: { parameters } }: Pick<ImageJob, 'image' | 'settings'>,
  { pixelsSha256, decodeChunk }: RenderedFacts,
  { maker, model }: SharedFacts,
): Promise<(video: number) => ClipMetadata | null> => {
  if (!parameters.metadata) return () => null
  const reference = await model()
  return (video) => ({
    svd_batch: maker.svd_batch,
    version: 1,
    image: { name: path.basename(image), pixels_sha256: pixelsSha256 },
    model: reference,
    parameters: encodeParameters(parameters),
    video,
    decode_chunk_size: decodeChunk,
    fallback_decode: false,
    execution_provider: maker.execution_provider,
    precision: maker.precision,
    job_id: null,
  })
}
