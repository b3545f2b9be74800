import { faultOf, type InputFault } from '../../shared/contracts/input-fault.ts'
import { imagePrefixes, isImageName, isSidecarOf } from '../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { isForManifest, USE } from '../../shared/contracts/manifest-image.ts'
import type { UploadedObject } from '../../shared/contracts/s3-event.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'
import { SIDECAR } from '../../shared/manifest/read-sidecar.ts'
import { assertNewest } from './assert-newest.ts'
import type { FoundUpload, IngestContext, IngestDeps, IngestOutcome } from './ingest-deps.ts'
import { ingestImage } from './ingest-image.ts'
import { listKeys } from './list-keys.ts'
import { rejectObject } from './reject-object.ts'
import { unlessChanged } from './unless-changed.ts'
import { makeReport, writeReport } from './write-report.ts'

/** Images beside a sidecar, or why they cannot be found. */
const findImages = async (
  { input }: IngestDeps,
  key: string,
  signal: AbortSignal,
): Promise<readonly string[] | InputFault> => {
  const isImage = (beside: string): boolean => isImageName(beside) && isSidecarOf(key, beside)
  try {
    return await listKeys(input, imagePrefixes(key), isImage, signal)
  } catch (error) {
    if (error instanceof InvalidInputError) return faultOf(error)
    throw error
  }
}

const unusedFault = (key: string): InputFault => ({
  field: SIDECAR,
  message:
    `${shownValue(key)} has no effect, because the image was uploaded with ${USE}: manifest; ` +
    'give its parameters in the manifest, or upload the image without that',
})

/** The report on an image of which no clip is made, though it has a sidecar. What it reported before goes on. */
const reportUnused = async (deps: IngestDeps, key: string, upload: FoundUpload): Promise<IngestOutcome> => {
  const report = makeReport(upload, [], [{ location: NO_ITEM, faults: [unusedFault(key)] }], deps)
  const written = await writeReport(deps.output, report, upload.signal, async (_, ours) => {
    await assertNewest(deps.input, upload)
    return ours
  })
  return { type: 'reported', report: written, queued: 0 }
}

/**
 * Ingests the images beside a sidecar, again and as they are now. One that fails keeps none of the others from its turn:
 * it throws at the end what they failed with.
 */
export async function* ingestSidecar(
  deps: IngestDeps,
  object: UploadedObject,
  context: IngestContext,
): AsyncGenerator<IngestOutcome> {
  const { key } = object
  const images = await findImages(deps, key, context.signal)
  if ('message' in images) {
    yield await rejectObject(deps, object, images, context.signal)
    return
  }
  const errors: unknown[] = []
  let outcomes = 0
  for (const imageKey of images) {
    try {
      const info = await deps.input.head(imageKey, context.signal)
      if (info === null) continue
      const upload = { info, sequencer: null, ...context }
      yield await unlessChanged(imageKey, () =>
        isForManifest(info.metadata) ? reportUnused(deps, key, upload) : ingestImage(deps, upload),
      )
      outcomes += 1
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1)
    throw new AggregateError(errors, `${errors.length} images of ${key} could not be ingested`)
  if (outcomes === 0) yield { type: 'skipped', key, reason: 'no-picture' }
}
