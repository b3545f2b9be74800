import path from 'node:path'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import { type ClipNames, openClipNames } from './clip-names.ts'
import { writeRecord } from './clip-records.ts'
import type { ClipRequest } from './clip-request.ts'
import { downloadFile, StoredFileError } from './download-file.ts'
import { obstaclesText, obstacleText } from './folder-faults.ts'
import type { NameTemplate } from './name-template.ts'
import type { ResultFile } from './result-files.ts'
import { type LocatedVideo, openVideoPaths } from './video-paths.ts'

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
  /** Path that the file would have by default now, where an earlier default name is kept; else `null`. */
  readonly insteadOf: string | null
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
  const places = openVideoPaths({ folder, posters, overwrite })

  const wantedOf = async ({ jobId, result }: JobStatus, signal: AbortSignal): Promise<LocatedVideo[]> => {
    if (result?.state !== 'succeeded') return []
    const named = names.of(jobId).filter(({ video }) => isWanted(jobId, video))
    const placed = await Promise.all(named.map((one) => places.place(one, result, signal)))
    return placed.filter(({ files }) => files.length > 0)
  }

  const wantedVideos = async (
    statuses: readonly JobStatus[],
    signal: AbortSignal,
  ): Promise<readonly LocatedVideo[]> =>
    (await inLanes(statuses, LANES, (status) => wantedOf(status, signal))).flat()

  const fetchVideo = async (wanted: LocatedVideo, signal: AbortSignal): Promise<void> => {
    const { request, video, result, record, insteadOf } = wanted
    const [obstacle] = await places.obstaclesOf(wanted, signal)
    if (obstacle !== undefined) {
      faults.push({ jobId: request.jobId, message: obstacleText(obstacle.file, obstacle.obstacle) })
      return
    }
    for (const one of wanted.files) {
      const { file, stored, kind, format, ending } = one
      const isKept = (await places.existing(one, signal)) === 'equal'
      if (!isKept) await downloadFile(outputs, stored, file, signal)
      const downloaded: DownloadedFile = {
        ...{ request, video, kind, format, file, outcome: isKept ? 'kept' : 'downloaded' },
        insteadOf: insteadOf === null ? null : path.join(folder, `${insteadOf}${ending}`),
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
      const found = await inLanes(await wantedVideos(statuses, signal), LANES, (wanted) =>
        places.obstaclesOf(wanted, signal),
      )
      const text = obstaclesText(found.flat())
      if (text !== '') throw new InvalidInputError(options.option, text)
    },
    async fetch(statuses, signal) {
      const news = statuses.filter(({ jobId, result }) => result !== null && !ended.has(jobId))
      faults.push(...names.add(news))
      await inLanes(await wantedVideos(news, signal), LANES, async (wanted) => {
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
