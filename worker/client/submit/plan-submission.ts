import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { comparableName, manifestKindOf } from '../../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { keyFault } from '../../../shared/contracts/object-key.ts'
import { type ExpectedClip, expectedOfImage } from './expected-clips.ts'
import { checkImage, type ImageChecks, type ImageRequest, imageWithArguments } from './image-upload.ts'
import { checkManifest, imagesOfManifest } from './manifest-upload.ts'
import type { Upload } from './upload.ts'
import { openNames } from './upload-names.ts'

/** Arguments, context and seeds are those of the images that are submitted without a manifest. */
export interface SubmissionRequest extends ImageRequest {
  /** Images, and manifests by their endings. */
  readonly files: readonly string[]
  /** Folder in the input bucket, under `images/` and `manifests/`. */
  readonly prefix: string
  /** Folder with the images that manifests name; `null` if they are in the bucket. */
  readonly imagesDir: string | null
}

/** An image or a manifest, of which ingest makes a report, and what has to be there before it. */
export interface PlannedRequest {
  readonly before: readonly Upload[]
  readonly upload: Upload
  /** Clips that it asks for. A manifest may have thousands, so they are made when they are wanted. */
  readonly clips: () => readonly ExpectedClip[]
}

export interface Submission {
  /** For manifests to find. */
  readonly images: readonly Upload[]
  readonly requests: readonly PlannedRequest[]
}

const assertPrefix = (prefix: string): void => {
  const fault = prefix.endsWith('/') ? 'ends with /' : keyFault(prefix)
  if (fault !== null) throw new InvalidInputError('--prefix', `got '${prefix}', which ${fault}`)
}

const assertUseful = ({ files, given, context = null, seeds = null, imagesDir }: SubmissionRequest): void => {
  const manifests = files.filter((file) => manifestKindOf(file) !== null)
  if (imagesDir !== null && manifests.length === 0) {
    throw new InvalidInputError('--images', 'is for the images that manifests name; there is no manifest')
  }
  const [first] = manifests
  if (first !== undefined && manifests.length === files.length && context !== null) {
    throw new InvalidInputError(
      first,
      'is a manifest, and carries its context itself; write it as its "context"',
    )
  }
  if (first !== undefined && manifests.length === files.length && seeds !== null) {
    throw new InvalidInputError(
      first,
      'is a manifest, and says itself which seeds its clips have; write them as its "grid": { "seed": [1, 2] }',
    )
  }
  if (first !== undefined && manifests.length === files.length && Object.keys(given).length > 0) {
    throw new InvalidInputError(
      first,
      'is a manifest, and says itself how its clips are rendered; write parameters as its "defaults"',
    )
  }
}

/** Two names may become one key: a.avif is uploaded as a.avif.png. */
const assertKeysDiffer = ({ images, requests }: Submission): void => {
  const taken = new Map<string, string>()
  for (const { name, key } of [...images, ...requests.map(({ upload }) => upload)]) {
    const compared = comparableName(key)
    const before = taken.get(compared)
    if (before !== undefined && before !== name) {
      throw new InvalidInputError(
        name,
        `would be uploaded as ${key}, and so would ${before}; rename one, or submit it on its own`,
      )
    }
    taken.set(compared, name)
  }
}

/** Everything that can be wrong without the bucket is found here: throws InvalidInputError. */
export const planSubmission = async (
  request: SubmissionRequest,
  checks: ImageChecks,
): Promise<Submission> => {
  const { files, prefix, imagesDir } = request
  assertPrefix(prefix)
  assertUseful(request)
  const nameOf = openNames()
  const requests: PlannedRequest[] = []
  const imageKeys = new Set<string>()
  for (const file of files) {
    const name = `${prefix}/${nameOf(file)}`
    const kind = manifestKindOf(file)
    if (kind === null) {
      const image = await checkImage(file, `${IMAGES_PREFIX}${name}`, checks)
      const uploads = imageWithArguments(image, request)
      const upload = uploads.at(-1) ?? image
      const clips = () => expectedOfImage(upload.key, request)
      requests.push({ before: uploads.slice(0, -1), upload, clips })
    } else {
      const manifest = await checkManifest(file, { key: `${MANIFESTS_PREFIX}${name}`, kind })
      for (const key of manifest.imageKeys) imageKeys.add(key)
      requests.push({ before: [], upload: manifest.upload, clips: manifest.clips })
    }
  }
  const images = imagesDir === null ? [] : await imagesOfManifest([...imageKeys], imagesDir, checks)
  const submission = { images, requests }
  assertKeysDiffer(submission)
  return submission
}
