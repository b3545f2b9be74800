import path from 'node:path'
import { RECORD_ENDING } from '../../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import { type ClipNames, openClipNames } from './clip-names.ts'
import { compareRecord, hasRecord, writeRecord } from './clip-records.ts'
import type { ClipRequest } from './clip-request.ts'
import { downloadFile, StoredFileError } from './download-file.ts'
import { compareExisting, type ExistingFile } from './existing-file.ts'
import { isInTheWay, type Obstacle, obstaclesText, obstacleText } from './folder-faults.ts'
import type { NameTemplate } from './name-template.ts'
import { filesOfResult, type ResultFile } from './result-files.ts'

/** Videos that are downloaded at once. */
const LANES = 4

/** A file that is in the folder now. */
export interface DownloadedFile extends Pick<ResultFile, 'video' | 'kind' | 'format'> {
  readonly request: ClipRequest
  readonly file: string
  readonly sizeBytes: number
  readonly sha256: string
  /** `kept`: it was there before, and is equal. */
  readonly outcome: 'downloaded' | 'kept'
}

/** Why a clip that succeeded is not in the folder. */
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

/** A video with the paths that its files will have. */
interface WantedVideo {
  readonly request: ClipRequest
  readonly video: number
  readonly result: ResultRecord
  readonly files: readonly (ResultFile & { readonly file: string })[]
  /** File of its record. */
  readonly record: string
}

/** Downloads the clips of `requests` into a folder, each when its job has succeeded, and writes their records. */
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

  const wantedVideos = ({ jobId, result }: JobStatus): readonly WantedVideo[] => {
    if (result === null) return []
    const stored = filesOfResult(result, { posters })
    return names
      .of(jobId)
      .filter(({ video }) => isWanted(jobId, video))
      .map(({ request, video, stem }) => ({
        ...{ request, video, result, record: path.join(folder, `${stem}${RECORD_ENDING}`) },
        files: stored
          .filter((file) => file.video === video)
          .map((file) => ({ ...file, file: path.join(folder, `${stem}${file.ending}`) })),
      }))
      .filter((wanted) => wanted.files.length > 0)
  }

  const existing = async (
    { file, stored }: WantedVideo['files'][number],
    signal: AbortSignal,
  ): Promise<ExistingFile> => {
    const before = known.get(file)
    // One that was absent may have come since.
    if (before !== undefined && before !== 'absent') return before
    const found = await compareExisting(file, stored, signal)
    known.set(file, found)
    return found
  }

  const obstaclesOf = async (
    wanted: WantedVideo,
    signal: AbortSignal,
  ): Promise<readonly { readonly file: string; readonly obstacle: Obstacle }[]> => {
    const found: { readonly file: string; readonly obstacle: Obstacle }[] = []
    for (const one of wanted.files) {
      const obstacle = await existing(one, signal)
      if (obstacle !== 'absent' && obstacle !== 'equal') found.push({ file: one.file, obstacle })
    }
    const record = await compareRecord(wanted.record, wanted.result, wanted.video)
    if (hasRecord(wanted.result) && record !== 'own') found.push({ file: wanted.record, obstacle: record })
    return found.filter(({ obstacle }) => isInTheWay(obstacle, overwrite))
  }

  const fetchVideo = async (wanted: WantedVideo, signal: AbortSignal): Promise<void> => {
    const { request, video, result, record } = wanted
    const [obstacle] = await obstaclesOf(wanted, signal)
    if (obstacle !== undefined) {
      faults.push({ jobId: request.jobId, message: obstacleText(obstacle.file, obstacle.obstacle) })
      return
    }
    for (const one of wanted.files) {
      const { file, stored, kind, format } = one
      const isThere = (await existing(one, signal)) === 'equal'
      if (!isThere) await downloadFile(outputs, stored, file, signal)
      const downloaded: DownloadedFile = {
        ...{ request, video, kind, format, file, outcome: isThere ? 'kept' : 'downloaded' },
        ...{ sizeBytes: stored.size_bytes, sha256: stored.sha256 },
      }
      files.push(downloaded)
      onFile(downloaded)
    }
    await writeRecord(record, result, video, wanted.files)
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
      const found = await inLanes(statuses.flatMap(wantedVideos), LANES, (wanted) =>
        obstaclesOf(wanted, signal),
      )
      const text = obstaclesText(found.flat())
      if (text !== '') throw new InvalidInputError(options.option, text)
    },
    async fetch(statuses, signal) {
      const news = statuses.filter(({ jobId, result }) => result !== null && !ended.has(jobId))
      faults.push(...names.add(news))
      await inLanes(news.flatMap(wantedVideos), LANES, async (wanted) => {
        try {
          await fetchVideo(wanted, signal)
        } catch (error) {
          if (!(error instanceof StoredFileError)) throw error
          faults.push({ jobId: wanted.request.jobId, message: error.message })
        }
      })
      for (const { jobId } of news) ended.add(jobId)
    },
  }
}
