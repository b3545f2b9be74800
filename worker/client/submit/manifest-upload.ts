import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { IMAGES_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import type { InputFault } from '../../../shared/contracts/input-fault.ts'
import { shownNames } from '../../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { MAX_MANIFEST_BYTES } from '../../../shared/contracts/manifest.ts'
import { MANIFEST_IMAGE } from '../../../shared/contracts/manifest-image.ts'
import { DEFAULT_WORK_LIMITS } from '../../../shared/contracts/work-limits.ts'
import type { ManifestKind } from '../../../shared/manifest/manifest-document.ts'
import { type ReadManifest, readManifest } from '../../../shared/manifest/parse-manifest.ts'
import { layerFaults } from '../../../shared/manifest/plan-clips.ts'
import { sourceFormatOfName } from '../convert/source-format.ts'
import { type ExpectedClip, expectedOfManifest } from './expected-clips.ts'
import { checkImage, type ImageChecks } from './image-upload.ts'
import { findNamedFiles } from './named-file.ts'
import type { Upload } from './upload.ts'

/** More would not help. */
const SHOWN_FAULTS = 20

interface PlacedFault extends InputFault {
  readonly line: number | null
}

const refuse = (file: string, faults: readonly PlacedFault[]): never => {
  const lines = faults.slice(0, SHOWN_FAULTS).map(({ line, field, message }) => {
    const place = line === null ? '' : `line ${line}, `
    return `${place}${field}: ${message}`
  })
  const more = faults.length > SHOWN_FAULTS ? [`and ${faults.length - SHOWN_FAULTS} more faults`] : []
  throw new InvalidInputError(file, [...lines, ...more].join(`\n${file}: `))
}

const readManifestFile = async (file: string): Promise<Uint8Array> => {
  const { size } = await stat(file)
  if (size > MAX_MANIFEST_BYTES) {
    throw new InvalidInputError(
      file,
      `has ${size} bytes, more than the ${MAX_MANIFEST_BYTES} that are accepted; split it`,
    )
  }
  return await readFile(file)
}

export interface CheckedManifest {
  readonly upload: Upload
  /** Keys of the images that it names, each once, in Unicode form NFC. */
  readonly imageKeys: readonly string[]
  readonly clips: () => readonly ExpectedClip[]
}

/**
 * Looks at a manifest as far as that can be without the checkpoint. Throws InvalidInputError that tells every fault:
 * ingest would accept the other items, but a person at the terminal can correct them before the upload.
 */
export const checkManifest = async (
  file: string,
  { key, kind }: { readonly key: string; readonly kind: ManifestKind },
): Promise<CheckedManifest> => {
  const bytes = await readManifestFile(file)
  let manifest: ReadManifest
  try {
    manifest = readManifest(bytes, kind, DEFAULT_WORK_LIMITS)
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    throw new InvalidInputError(file, error.message, { cause: error })
  }
  const { header, headerLocation, headerFaults, items } = manifest
  const faults: readonly PlacedFault[] = [
    ...headerFaults.map((fault) => ({ line: headerLocation.line, ...fault })),
    ...items.flatMap(({ location: { line }, faults: itemFaults, parameters, grid }) => {
      const found = itemFaults.length > 0 ? itemFaults : layerFaults([header.defaults, parameters], grid)
      return found.map((fault) => ({ line, ...fault }))
    }),
  ]
  if (faults.length > 0) refuse(file, faults)
  return {
    upload: { name: file, key, body: bytes, contentType: 'application/json', metadata: {} },
    imageKeys: [...new Set(items.map(({ image }) => image.normalize('NFC')))],
    clips: () => expectedOfManifest(key, manifest),
  }
}

const findImageFile = async (folder: string, key: string): Promise<string> => {
  const name = key.slice(IMAGES_PREFIX.length)
  const exact = await findNamedFiles(folder, name)
  // images/x.avif.png may be the PNG that is made of x.avif.
  const source = name.replace(/\.png$/i, '')
  const isConverted = exact.length === 0 && sourceFormatOfName(source) !== null
  const files = isConverted ? await findNamedFiles(folder, source) : exact
  const [file] = files
  if (file === undefined) {
    throw new InvalidInputError(
      '--images',
      `there is no ${path.join(folder, name)}, which the manifest names as ${key}`,
    )
  }
  if (files.length === 1) return file
  const names = shownNames(files.map((one) => path.relative(folder, one)))
  throw new InvalidInputError(
    '--images',
    `${names} in ${folder} may each be what the manifest names as ${key}; keep one`,
  )
}

/**
 * The images that manifests name, out of a folder that stands for `images/`: `images/a/x.png` is DIR/a/x.png, and
 * `images/x.avif.png` is made of DIR/x.avif. They are marked as a manifest's: ingest makes no clip of them by themselves.
 */
export const imagesOfManifest = async (
  imageKeys: readonly string[],
  folder: string,
  checks: ImageChecks,
): Promise<readonly Upload[]> => {
  const uploads: Upload[] = []
  for (const key of imageKeys) {
    const file = await findImageFile(folder, key)
    const image = await checkImage(file, key, checks)
    if (image.key !== key && sourceFormatOfName(key) !== null) {
      throw new InvalidInputError(file, `is converted to PNG, so the manifest has to name it ${image.key}`)
    }
    if (image.key !== key) {
      throw new InvalidInputError(
        file,
        `is no ${path.extname(key)} file by its first bytes; rename it and its key`,
      )
    }
    uploads.push({ ...image, metadata: MANIFEST_IMAGE })
  }
  return uploads
}
