import { open } from 'node:fs/promises'
import path from 'node:path'
import { type ClipMetadata, clipRecordFileOf } from '../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { readClipRecord } from '../../shared/files/clip-record-file.ts'
import { hashFile } from '../../shared/files/hash-file.ts'
import { AVIF_BRANDS, HEIC_BRANDS } from '../../shared/image/heif-brands.ts'
import { findFfmpeg } from './ffmpeg-path.ts'
import { readClipMetadata, readTaggedMetadata } from './read-clip-metadata.ts'

/** Metadata of a clip, and where they were found: in the file itself, or in a record. */
export interface FoundMetadata {
  readonly metadata: ClipMetadata
  /** File of the record; `null` if the file itself carries the metadata. */
  readonly record: string | null
}

export interface FindOptions {
  /** Names the ffmpeg that reads tags of WebM and QuickTime, see `findFfmpeg`. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

const HEAD_BYTES = 12

const headOf = async (file: string): Promise<Buffer> => {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const fault =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'there is no such file; give a clip, or the NAME.json beside one (for a job, svd status JOB)'
        : code === 'EISDIR'
          ? 'is a folder; give the files in it'
          : `cannot be read (${code}); check its permissions`
    throw new InvalidInputError(file, fault, { cause })
  }
}

/** Major brand of a file of the ISO base media format, to which MP4, QuickTime and HEIF belong; `null`: it is none. */
const majorBrand = (head: Buffer): string | null =>
  head.toString('latin1', 4, 8) === 'ftyp' ? head.toString('latin1', 8, 12) : null

const isImageBrand = (brand: string): boolean => AVIF_BRANDS.includes(brand) || HEIC_BRANDS.includes(brand)

const isJson = (file: string, head: Buffer): boolean =>
  path.extname(file).toLowerCase() === '.json' || /^\s*\{/.test(head.toString('latin1'))

/** First bytes of every WebM and Matroska file: the EBML header. */
const EBML = '1a45dfa3'
const QUICKTIME_BRAND = 'qt  '

type Container = 'MP4' | 'WebM' | 'QuickTime file'

const containerOf = (head: Buffer): Container | null => {
  if (head.toString('hex', 0, 4) === EBML) return 'WebM'
  const brand = majorBrand(head)
  return brand === null ? null : brand === QUICKTIME_BRAND ? 'QuickTime file' : 'MP4'
}

const readOwn = async (
  file: string,
  container: Container,
  { environment, signal }: FindOptions,
): Promise<ClipMetadata | null> => {
  const ffmpegPath = container === 'MP4' ? '' : (await findFfmpeg(environment)).path
  try {
    if (container === 'MP4') return await readClipMetadata(file)
    const format = container === 'WebM' ? 'webm' : 'prores'
    return await readTaggedMetadata(file, format, { ffmpegPath, signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new InvalidInputError(file, `is a damaged or cut-off ${container}; copy or download it again`, {
      cause,
    })
  }
}

/** Metadata in the record beside a clip, if the record lists this very file. */
const readBeside = async (file: string, signal: AbortSignal): Promise<FoundMetadata | null> => {
  const beside = clipRecordFileOf(file)
  const record = await readClipRecord(beside)
  if (typeof record === 'string') return null
  const { sha256 } = await hashFile(file, signal)
  return record.files.some((listed) => listed.sha256 === sha256) ? { metadata: record, record: beside } : null
}

/**
 * Finds how a file was made: in the file itself, if it is an MP4, a WebM or a QuickTime file, whatever its name; else in the
 * record beside it. A record may be given too. `null`: neither has it. Throws InvalidInputError for a file that cannot be
 * read, and for a clip that is not whole.
 */
export const findMetadata = async (file: string, options: FindOptions): Promise<FoundMetadata | null> => {
  const head = await headOf(file)
  if (isJson(file, head)) {
    const record = await readClipRecord(file)
    return typeof record === 'string' ? null : { metadata: record, record: file }
  }
  const brand = majorBrand(head)
  if (brand !== null && isImageBrand(brand)) {
    throw new InvalidInputError(
      file,
      'is an AVIF or HEIC image, and no clip; give a clip, or the NAME.json beside one',
    )
  }
  const container = containerOf(head)
  const own = container === null ? null : await readOwn(file, container, options)
  return own === null ? await readBeside(file, options.signal) : { metadata: own, record: null }
}
