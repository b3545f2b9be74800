import { metadataName } from './input-names.ts'
import { shownValue } from './shown-value.ts'

/** The name in S3 user metadata that says what an image is for. */
export const USE = 'svd-use'

const FOR_MANIFESTS = 'manifest'

/**
 * User metadata of an image that was uploaded for manifests to name. Without it, each image uploaded under `images/` is a
 * clip to be made.
 */
export const MANIFEST_IMAGE = { [USE]: FOR_MANIFESTS } as const

/** Fault in a value of `svd-use`; `null` if the value is valid. */
export const useFault = (value: string): string | null =>
  value.trim() === FOR_MANIFESTS
    ? null
    : `got ${shownValue(value)}; must be ${FOR_MANIFESTS}, for an image that manifests name; ` +
      `leave ${USE} out to have a clip made`

/** Whether no clip is to be made of an image alone. Of two spellings of the name, none counts. */
export const isForManifest = (metadata: Readonly<Record<string, string>>): boolean => {
  const uses = Object.entries(metadata).filter(([name]) => metadataName(name) === USE)
  return uses.length === 1 && uses.every(([, value]) => useFault(value) === null)
}
