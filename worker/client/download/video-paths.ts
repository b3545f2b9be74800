import path from 'node:path'
import { RECORD_ENDING } from '../../../shared/contracts/clip-record.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import type { NamedVideoFile } from './clip-names.ts'
import { compareRecord, hasRecord } from './clip-records.ts'
import type { ClipRequest } from './clip-request.ts'
import { openEarlierNames } from './earlier-names.ts'
import { compareExisting, type ExistingFile } from './existing-file.ts'
import { isInTheWay, type Obstacle } from './folder-faults.ts'
import { filesOfResult, type ResultFile } from './result-files.ts'

/** A file of a video, with the path that it has or will have. */
export type LocatedFile = ResultFile & { readonly file: string }

/** A video of a result, with the paths of its files. */
export interface LocatedVideo {
  readonly request: ClipRequest
  readonly video: number
  readonly result: ResultRecord
  readonly files: readonly LocatedFile[]
  /** File of its record. */
  readonly record: string
  /** Its default name now, where its files keep an earlier one; else `null`. */
  readonly insteadOf: string | null
}

export interface VideoPaths {
  /**
   * Gives a video its paths. They are those of its name. A default name depends on the other clips of its selection, so a
   * video that is there under an earlier default name, and not under its own, keeps the earlier one.
   */
  place(named: NamedVideoFile, result: ResultRecord, signal: AbortSignal): Promise<LocatedVideo>
  /** Compares what is at a path with the file. A path that was compared is not read again. */
  existing(file: LocatedFile, signal: AbortSignal): Promise<ExistingFile>
  /** Files and folders that keep a video from being written. */
  obstaclesOf(
    placed: LocatedVideo,
    signal: AbortSignal,
  ): Promise<readonly { readonly file: string; readonly obstacle: Obstacle }[]>
}

export interface VideoPathsOptions {
  readonly folder: string
  readonly posters: boolean
  readonly overwrite: boolean
}

export const openVideoPaths = ({ folder, posters, overwrite }: VideoPathsOptions): VideoPaths => {
  const known = new Map<string, ExistingFile>()
  const earlierNames = openEarlierNames(folder)

  const underStem = (
    { request, video, stem: ownStem }: NamedVideoFile,
    result: ResultRecord,
    stem = ownStem,
  ): LocatedVideo => ({
    ...{ request, video, result, insteadOf: stem === ownStem ? null : ownStem },
    record: path.join(folder, `${stem}${RECORD_ENDING}`),
    files: filesOfResult(result, { posters })
      .filter((file) => file.video === video)
      .map((file) => ({ ...file, file: path.join(folder, `${stem}${file.ending}`) })),
  })

  const existing: VideoPaths['existing'] = async ({ file, stored }, signal) => {
    const before = known.get(file)
    // One that was absent may have come since.
    if (before !== undefined && before !== 'absent') return before
    const found = await compareExisting(file, stored, signal)
    known.set(file, found)
    return found
  }

  /** Whether the video is there, and nothing else has the names of its other files. */
  const isThere = async (
    { files, record, result, video }: LocatedVideo,
    signal: AbortSignal,
  ): Promise<boolean> => {
    if (hasRecord(result) && (await compareRecord(record, result, video)) !== 'own') return false
    let hasVideo = false
    for (const one of files) {
      const found = await existing(one, signal)
      if (found !== 'absent' && found !== 'equal') return false
      hasVideo ||= one.kind === 'video' && found === 'equal'
    }
    return hasVideo
  }

  return {
    existing,
    async place(named, result, signal) {
      const own = underStem(named, result)
      if (named.isDefault === undefined) return own
      for (const one of own.files) if ((await existing(one, signal)) !== 'absent') return own
      for (const stem of (await earlierNames(named.request.jobId)).filter(named.isDefault)) {
        const earlier = underStem(named, result, stem)
        if (await isThere(earlier, signal)) return earlier
      }
      return own
    },
    async obstaclesOf({ files, record, result, video }, signal) {
      const found: { readonly file: string; readonly obstacle: Obstacle }[] = []
      for (const one of files) {
        const obstacle = await existing(one, signal)
        if (obstacle !== 'absent' && obstacle !== 'equal') found.push({ file: one.file, obstacle })
      }
      const recordFound = await compareRecord(record, result, video)
      if (hasRecord(result) && recordFound !== 'own') found.push({ file: record, obstacle: recordFound })
      return found.filter(({ obstacle }) => isInTheWay(obstacle, overwrite))
    },
  }
}
