import type { AcceptedJob, ReportedContext } from '../../shared/contracts/ingest-report.ts'
import { faultOf, type InputFault } from '../../shared/contracts/input-fault.ts'
import {
  comparableName,
  hasOtherForms,
  listingPrefixes,
  manifestKindOf,
  namesMeantBy,
  shownNames,
} from '../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { JobImage, JobMessage } from '../../shared/contracts/job-message.ts'
import { MAX_MANIFEST_BYTES } from '../../shared/contracts/manifest.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'
import {
  type LocatedFaults,
  type ManifestItem,
  type ParsedManifest,
  parseManifest,
} from '../../shared/manifest/parse-manifest.ts'
import { ObjectChangedError, type ObjectInfo } from '../../shared/ports/object-store.ts'
import { openEnteredJobs } from './entered-jobs.ts'
import type { FoundUpload, IngestDeps, IngestOutcome } from './ingest-deps.ts'
import { keepOfSameUpload } from './keep-done-before.ts'
import { listKeys } from './list-keys.ts'
import { acceptedJob, groupOfKey, makeJobs } from './make-jobs.ts'
import { piecesOf } from './pieces-of.ts'
import { provideImage } from './provide-image.ts'
import { assertNoneWithdrawn, queueJobs } from './queue-jobs.ts'
import { traitsOf } from './traits-of.ts'
import { makeReport, writeReport } from './write-report.ts'

/** A second image is fetched and stored while the first is decoded; more would only take memory. */
const IMAGES_AT_ONCE = 2
/** Jobs go into the queue when so many images are there: a worker need not wait for the last. */
const IMAGES_PER_PIECE = 10

const rejectAll = (fault: InputFault): ParsedManifest => ({
  context: null,
  items: [],
  rejected: [{ location: NO_ITEM, faults: [fault] }],
})

const readManifest = async (deps: IngestDeps, { info, signal }: FoundUpload): Promise<ParsedManifest> => {
  const { key, sizeBytes, versionId, etag } = info
  const kind = manifestKindOf(key)
  if (kind === null) {
    return rejectAll({
      field: 'document',
      message: 'its name must end with .json, or .jsonl for one item a line',
    })
  }
  if (sizeBytes > MAX_MANIFEST_BYTES) {
    const message = `has ${sizeBytes} bytes, more than the ${MAX_MANIFEST_BYTES} that are accepted; split it`
    return rejectAll({ field: 'document', message })
  }
  const stored = await deps.input.read(
    key,
    { maxBytes: MAX_MANIFEST_BYTES, versionId, ifMatch: etag },
    signal,
  )
  if (stored === null) throw new ObjectChangedError(`${key}: is not there any more`)
  return parseManifest(stored.bytes, kind, traitsOf(deps), deps.limits)
}

/**
 * The image that a manifest names, or `null` if there is none. A key that is spelt as the manifest has it is found
 * with one request, unless another could look the same.
 *
 * @throws InvalidInputError (the key) if there are several.
 */
const findImage = async (
  { input }: IngestDeps,
  image: string,
  signal: AbortSignal,
): Promise<ObjectInfo | null> => {
  const exact = await input.head(image, signal)
  if (exact !== null && !hasOtherForms(image)) return exact
  const isSame = (key: string): boolean => comparableName(key) === comparableName(image)
  const keys = namesMeantBy(image, await listKeys(input, listingPrefixes(image), isSame, signal))
  const [key] = keys
  if (keys.length > 1) {
    throw new InvalidInputError(
      image,
      `may be ${shownNames(keys)}; delete all but one, then upload the manifest again`,
    )
  }
  return key === undefined || key === image ? exact : await input.head(key, signal)
}

type PreparedImage = { readonly image: JobImage } | { readonly message: string }

/** An image of the manifest, where workers read it, or why it cannot be. */
const prepareNamed = async (deps: IngestDeps, key: string, signal: AbortSignal): Promise<PreparedImage> => {
  try {
    const info = await findImage(deps, key, signal)
    if (info === null) {
      return {
        message: `there is no ${key} in ${deps.input.bucket}; upload the image before the manifest`,
      }
    }
    return { image: await provideImage(deps, info, key, signal) }
  } catch (error) {
    if (error instanceof InvalidInputError) return { message: `${key} ${faultOf(error).message}` }
    // Of the manifest it says nothing: it stands, and its image will be read again.
    if (error instanceof ObjectChangedError) throw new Error(error.message, { cause: error })
    throw error
  }
}

/** Items by image, in the order in which these are first named. */
const itemsByImage = (
  items: readonly ManifestItem[],
): readonly (readonly [string, readonly ManifestItem[]])[] => [...Map.groupBy(items, ({ image }) => image)]

interface ImageJobs {
  readonly jobs: readonly JobMessage[]
  readonly rejected: readonly LocatedFaults[]
}

/** Items of one image. */
const jobsOfImage = async (
  deps: IngestDeps,
  upload: FoundUpload,
  [key, items]: readonly [string, readonly ManifestItem[]],
): Promise<ImageJobs> => {
  const prepared = await prepareNamed(deps, key, upload.signal)
  if ('message' in prepared) {
    const { message } = prepared
    const rejected = items.map(({ location, imageField: field }) => ({
      location,
      faults: [{ field, message }],
    }))
    return { jobs: [], rejected }
  }
  const jobs = items.flatMap(({ location, clips, group }) => {
    const order = { image: prepared.image, clips, group: group ?? groupOfKey(upload.info.key), location }
    return makeJobs({ ...order, kind: 'manifest' }, upload, deps)
  })
  return { jobs, rejected: [] }
}

const contextsOf = ({ context, items }: ParsedManifest): readonly ReportedContext[] => [
  ...(context === null ? [] : [{ item: null, context }]),
  ...items.flatMap(({ location, context: own }) =>
    own === null ? [] : [{ item: location.item, context: own }],
  ),
]

/** An uploaded manifest. Throws `ObjectChangedError`, and where store or queue fail. */
export const ingestManifest = async (deps: IngestDeps, upload: FoundUpload): Promise<IngestOutcome> => {
  const manifest = await readManifest(deps, upload)
  const { items, rejected: unsound } = manifest
  const entered = openEnteredJobs(deps.output, upload.info.key, upload.signal)
  const accepted: AcceptedJob[] = []
  const rejected: LocatedFaults[] = [...unsound]
  const withdrawn: string[] = []
  let queued = 0
  for (const piece of piecesOf(itemsByImage(items), IMAGES_PER_PIECE)) {
    const images = await inLanes(piece, IMAGES_AT_ONCE, (entry) => jobsOfImage(deps, upload, entry))
    const jobs = images.flatMap((image) => image.jobs)
    const outcome = await queueJobs(deps, jobs, entered, upload.signal)
    for (const job of jobs) accepted.push(acceptedJob(job, outcome.doneBefore, deps))
    withdrawn.push(...outcome.withdrawn)
    for (const image of images) rejected.push(...image.rejected)
    queued += outcome.sent.size
  }
  accepted.sort((a, b) => (a.item ?? 0) - (b.item ?? 0))
  const made = makeReport(upload, accepted, rejected, deps, contextsOf(manifest))
  const takeOver = keepOfSameUpload(deps.output, upload.signal)
  const report = await writeReport(deps.output, made, upload.signal, takeOver)
  assertNoneWithdrawn(upload.info.key, withdrawn)
  return { type: 'reported', report, queued }
}
