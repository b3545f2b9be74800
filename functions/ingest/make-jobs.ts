import { createHash } from 'node:crypto'
import { sizeOfClip } from '../../shared/contracts/clip-size.ts'
import { clipWarnings } from '../../shared/contracts/clip-warnings.ts'
import type { AcceptedJob } from '../../shared/contracts/ingest-report.ts'
import { jobIdOf } from '../../shared/contracts/job-id.ts'
import type { JobImage, JobMessage } from '../../shared/contracts/job-message.ts'
import { decodeParameters, encodeParameters } from '../../shared/contracts/parameters-document.ts'
import type { RenderParameters } from '../../shared/contracts/render-parameters.ts'
import type { FaultLocation } from '../../shared/manifest/fault-list.ts'
import { type PlannedClip, parametersFor } from '../../shared/manifest/plan-clips.ts'
import type { FoundUpload, IngestDeps } from './ingest-deps.ts'
import { traitsOf } from './traits-of.ts'

/** Characters that the group of a message may have. */
const GROUP = /^[!-~]{1,128}$/

/** A group named by a key or folder; by its hash where the queue would not take the name. */
export const groupOfKey = (key: string): string =>
  GROUP.test(key) ? key : createHash('sha256').update(key).digest('hex').slice(0, 32)

/** An image and all that is to be made of it. */
export interface ClipOrder {
  readonly image: JobImage
  readonly clips: readonly PlannedClip[]
  readonly group: string
  readonly kind: 'image' | 'manifest'
  readonly location: FaultLocation
}

type MakingDeps = Pick<IngestDeps, 'model' | 'defaultSize' | 'input' | 'now'>

const makeJob = (
  order: ClipOrder,
  resolved: RenderParameters,
  { info, traceId }: FoundUpload,
  { model, input, now }: MakingDeps,
): JobMessage => {
  const { image, group, kind, location } = order
  const parameters = encodeParameters(resolved)
  const reference = { id: model.model_id, sha256: model.sha256 }
  return {
    version: 1,
    job_id: jobIdOf(image.pixels_sha256, parameters, reference),
    image,
    parameters,
    model: reference,
    origin: {
      kind,
      bucket: input.bucket,
      key: info.key,
      version_id: info.versionId,
      etag: info.etag,
      item: location.item,
      item_id: location.item_id,
    },
    group,
    trace_id: traceId,
    submitted_at: now().toISOString(),
  }
}

/** One job for each clip; a grid that has a value twice asks for the same clip twice. */
export const makeJobs = (order: ClipOrder, upload: FoundUpload, deps: MakingDeps): readonly JobMessage[] => {
  const traits = traitsOf(deps)
  const jobs = order.clips.map((clip) =>
    makeJob(order, parametersFor(clip, order.image, traits), upload, deps),
  )
  return [...new Map(jobs.map((job) => [job.job_id, job])).values()]
}

/** As the report lists it. */
export const acceptedJob = (
  { job_id, image, origin, parameters }: JobMessage,
  doneBefore: ReadonlySet<string>,
  { model }: Pick<IngestDeps, 'model'>,
): AcceptedJob => {
  const warnings = clipWarnings(decodeParameters(parameters), model.defaults, image)
  return {
    job_id,
    item: origin.item,
    item_id: origin.item_id,
    image: image.source_key,
    videos: [],
    done_before: doneBefore.has(job_id),
    size: sizeOfClip(image, parameters),
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  }
}
