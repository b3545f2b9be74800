import { metadataName } from './input-names.ts'

/**
 * User metadata of a picture that was uploaded for manifests to name. Without it, each picture dropped under `images/`
 * is a clip to be made.
 */
export const MANIFEST_PICTURE = { 'svd-use': 'manifest' } as const

export const isForManifest = (metadata: Readonly<Record<string, string>>): boolean =>
  Object.entries(metadata).some(
    ([name, value]) => metadataName(name) === 'svd-use' && value === MANIFEST_PICTURE['svd-use'],
  )
