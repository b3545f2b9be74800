import path from 'node:path'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import { type ClipNames, type NamedVideoFile, openClipNames } from './clip-names.ts'
import type { ClipRequest } from './clip-request.ts'
import { downloadFile, StoredFileError } from './download-file.ts'
import { compareExisting, type ExistingFile } from './existing-file.ts'
import type { NameTemplate } from './name-template.ts'
import { filesOfResult, type ResultFile } from './result-files.ts'

/** Files that are transferred at once. */
const LANES = 4
/** Files that one message names. */
const SHOWN_FILES = 5

/** A file that is in the folder now. */
export interface DownloadedFile {
  readonly request: ClipRequest
  readonly video: number
  readonly kind: ResultFile['kind']
  readonly file: string
  readonly sizeBytes: number
  readonly sha256: string
  /** `kept`: it was there before, and is equal. */
  readonly outcome: 'downloaded' | 'kept'
}

/** A clip that succeeded and is not in the folder. */
export interface DownloadFault {
  readonly jobId: string
  readonly message: string
}

export interface DownloadOptions {
  readonly folder: string
  /** Option that gave the folder, as errors name it. */
  readonly option: '--to' | '--download'
  /** `null`: the default name. */
  readonly template: NameTemplate | null
  /** Replace files that differ. */
  readonly overwrite: boolean
  readonly posters: boolean
  /** Whether a video is wanted; absent: all are. */
  readonly isWanted?: (jobId: string, video: number) => boolean
  /** Called when a file is in the folder. */
  readonly onFile: (file: DownloadedFile) => void
}

export interface ClipDownload {
  /**
   * Names all clips and compares the files of those that have succeeded with what is in the folder. Throws
   * InvalidInputError for a name that cannot be, and for a file that differs, unless it may be replaced.
   */
  plan(statuses: readonly JobStatus[], signal: AbortSignal): Promise<void>
  /** Downloads the clips of jobs that have succeeded since the last call. */
  fetch(statuses: readonly JobStatus[], signal: AbortSignal): Promise<void>
  readonly files: readonly DownloadedFile[]
  readonly faults: readonly DownloadFault[]
}

interface WantedFile extends ResultFile {
  readonly request: ClipRequest
  readonly file: string
}

const DIFFERS: Readonly<Record<'different' | 'folder', string>> = {
  different: 'is another file than its clip; give --overwrite to replace it, or another folder or --name',
  folder: 'is a folder; give another folder or --name',
}

const shownFiles = (files: readonly string[]): string => {
  const more = files.length - SHOWN_FILES
  return `${files.slice(0, SHOWN_FILES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Downloads the clips of `requests` into a folder, each when its job has succeeded. */
export const openClipDownload = (
  outputs: ObjectStore,
  requests: readonly ClipRequest[],
  options: DownloadOptions,
): ClipDownload => {
  const { folder, template, overwrite, posters, isWanted = () => true, onFile } = options
  const names: ClipNames = openClipNames(requests, template)
  const files: DownloadedFile[] = []
  const faults: DownloadFault[] = []
  const ended = new Set<string>()
  const known = new Map<string, ExistingFile>()

  const wantedFiles = ({ jobId, result }: JobStatus): readonly WantedFile[] => {
    if (result === null) return []
    const stored = filesOfResult(result, { posters })
    const wanted = names.of(jobId).filter(({ video }) => isWanted(jobId, video))
    return wanted.flatMap(({ request, video, stem }: NamedVideoFile) =>
      stored
        .filter((file) => file.video === video)
        .map((file) => ({ ...file, request, file: path.join(folder, `${stem}${file.ending}`) })),
    )
  }

  const lookUp = async ({ file, stored }: WantedFile, signal: AbortSignal): Promise<ExistingFile> => {
    const before = known.get(file)
    // One that was absent may have come since.
    if (before !== undefined && before !== 'absent') return before
    const found = await compareExisting(file, stored, signal)
    known.set(file, found)
    return found
  }

  const fetchFile = async (wanted: WantedFile, signal: AbortSignal): Promise<void> => {
    const { file, stored, request, video, kind } = wanted
    const existing = await lookUp(wanted, signal)
    if (existing === 'folder' || (existing === 'different' && !overwrite)) {
      faults.push({ jobId: request.jobId, message: `${file}: ${DIFFERS[existing]}` })
      return
    }
    if (existing !== 'equal') {
      try {
        await downloadFile(outputs, stored, file, signal)
      } catch (error) {
        if (!(error instanceof StoredFileError)) throw error
        faults.push({ jobId: request.jobId, message: error.message })
        return
      }
    }
    const outcome = existing === 'equal' ? 'kept' : 'downloaded'
    const downloaded: DownloadedFile = {
      ...{ request, video, kind, file, outcome },
      ...{ sizeBytes: stored.size_bytes, sha256: stored.sha256 },
    }
    files.push(downloaded)
    onFile(downloaded)
  }

  return {
    files,
    faults,
    async plan(statuses, signal) {
      const [fault, ...more] = names.add(statuses)
      if (fault !== undefined) {
        const others = more.length > 0 ? ` (and ${more.length} more faults like this)` : ''
        throw new InvalidInputError('--name', `${fault.message}${others}`)
      }
      const found = await inLanes(statuses.flatMap(wantedFiles), LANES, async (wanted) => ({
        file: wanted.file,
        existing: await lookUp(wanted, signal),
      }))
      const folders = found.filter(({ existing }) => existing === 'folder')
      const different = overwrite ? [] : found.filter(({ existing }) => existing === 'different')
      const refused = [...folders, ...different].map(({ file }) => file)
      if (refused.length === 0) return
      const state = folders.length > 0 ? 'folder' : 'different'
      throw new InvalidInputError(options.option, `${shownFiles(refused)} ${DIFFERS[state]}`)
    },
    async fetch(statuses, signal) {
      const news = statuses.filter(({ jobId, result }) => result !== null && !ended.has(jobId))
      faults.push(...names.add(news))
      await inLanes(news.flatMap(wantedFiles), LANES, (wanted) => fetchFile(wanted, signal))
      for (const { jobId } of news) ended.add(jobId)
    },
  }
}
