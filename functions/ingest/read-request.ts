import { isDeepStrictEqual } from 'node:util'
import { faultOf, type InputFault } from '../../shared/contracts/input-fault.ts'
import { isSidecarOf, listingPrefixes, shownNames } from '../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { MAX_SIDECAR_BYTES } from '../../shared/contracts/manifest.ts'
import type { RequestContext } from '../../shared/contracts/request-context.ts'
import type { WorkLimits } from '../../shared/contracts/work-limits.ts'
import { type PlannedClip, planClips } from '../../shared/manifest/plan-clips.ts'
import { readMetadata } from '../../shared/manifest/read-metadata.ts'
import { NO_SIDECAR, readSidecar, SIDECAR, type Sidecar } from '../../shared/manifest/read-sidecar.ts'
import { type ObjectStore, ObjectTooLargeError } from '../../shared/ports/object-store.ts'
import type { FoundUpload, IngestDeps } from './ingest-deps.ts'
import { listKeys } from './list-keys.ts'
import { groupOfKey } from './make-jobs.ts'
import { traitsOf } from './traits-of.ts'

const unreadable = (message: string): Sidecar => ({ ...NO_SIDECAR, faults: [{ field: SIDECAR, message }] })

const findSidecarKeys = async (
  store: ObjectStore,
  imageKey: string,
  signal: AbortSignal,
): Promise<readonly string[] | InputFault> => {
  try {
    return await listKeys(store, listingPrefixes(imageKey), (key) => isSidecarOf(key, imageKey), signal)
  } catch (error) {
    if (error instanceof InvalidInputError) return faultOf(error)
    throw error
  }
}

const findSidecar = async (
  store: ObjectStore,
  imageKey: string,
  limits: WorkLimits,
  signal: AbortSignal,
): Promise<Sidecar> => {
  const keys = await findSidecarKeys(store, imageKey, signal)
  if ('message' in keys) return { ...NO_SIDECAR, faults: [keys] }
  const [sidecar] = keys
  if (sidecar === undefined) return NO_SIDECAR
  if (keys.length > 1) {
    return unreadable(
      `${shownNames(keys)} are all sidecars of this image; delete all but one, then upload that one again`,
    )
  }
  try {
    const stored = await store.read(sidecar, { maxBytes: MAX_SIDECAR_BYTES }, signal)
    return stored === null ? NO_SIDECAR : readSidecar(stored.bytes, limits)
  } catch (error) {
    if (!(error instanceof ObjectTooLargeError)) throw error
    return unreadable(
      `has ${error.sizeBytes} bytes, more than the ${MAX_SIDECAR_BYTES} that are accepted; shorten it`,
    )
  }
}

export interface ImageRequest {
  /** Empty if there are faults. */
  readonly clips: readonly PlannedClip[]
  readonly group: string
  readonly context: RequestContext | null
  readonly faults: readonly InputFault[]
}

type RequestDeps = Pick<IngestDeps, 'input' | 'model' | 'defaultSize' | 'limits'>

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))

/** Reads the request in an image's metadata and sidecar. The sidecar takes precedence. */
export const readRequest = async (
  deps: RequestDeps,
  { info, signal }: FoundUpload,
): Promise<ImageRequest> => {
  const { input, limits } = deps
  const metadata = readMetadata(info.metadata)
  const sidecar = await findSidecar(input, info.key, limits, signal)
  const group = sidecar.group ?? groupOfKey(folderOf(info.key))
  const context = sidecar.context ?? metadata.context
  const faults = [...metadata.faults, ...sidecar.faults]
  if (faults.length > 0) return { clips: [], group, context, faults }
  const planned = planClips([metadata, sidecar.parameters], sidecar.grid, traitsOf(deps), limits)
  return { ...planned, group, context }
}

/**
 * Throws if metadata and sidecar ask for something else than `asked`, which was read of them before. The event has to
 * come again then.
 */
export const assertStillAsked = async (
  deps: RequestDeps,
  upload: FoundUpload,
  asked: ImageRequest,
): Promise<void> => {
  if (isDeepStrictEqual(await readRequest(deps, upload), asked)) return
  throw new Error(
    `${upload.info.key}: its sidecar changed while the image was ingested; it is ingested once more when this event comes again`,
  )
}
