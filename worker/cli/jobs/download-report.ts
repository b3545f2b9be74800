import path from 'node:path'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import type { ClipDownload, DownloadedFile } from '../../client/download/download-clips.ts'
import { isDone, type JobStatus } from '../../client/tracking/job-status.ts'
import type { TextOutput } from '../command-context.ts'
import { counted } from '../terminal/short-text.ts'
import { imageText, shortId } from './table.ts'

/** A job of which a clip is not in the folder. */
interface MissingClip {
  readonly jobId: string
  readonly image: string | null
  readonly state: JobStatus['state'] | null
  readonly reason: string
}

export interface DownloadEnd {
  readonly folder: string
  readonly download: Pick<ClipDownload, 'files' | 'faults'>
  readonly statuses: readonly JobStatus[]
  /** Jobs of which there is no record. */
  readonly unknown: readonly string[]
}

/** Jobs whose clips will never come, and clips that could not be downloaded. */
export const missingClips = ({ download, statuses, unknown }: DownloadEnd): readonly MissingClip[] => {
  const byId = new Map(statuses.map((status) => [status.jobId, status]))
  const ofJob = (jobId: string, reason: string): MissingClip => {
    const status = byId.get(jobId)
    return {
      ...{ jobId, reason, state: status?.state ?? null },
      image: status?.image.source_key ?? null,
    }
  }
  return [
    ...unknown.map((jobId) => ofJob(jobId, 'there is no record of it any more')),
    ...statuses
      .filter(({ state }) => state === 'failed' || state === 'cancelled' || state === 'lost')
      .map(({ jobId, message }) => ofJob(jobId, message ?? '')),
    ...download.faults.map(({ jobId, message }) => ofJob(jobId, message)),
  ]
}

const notEnded = ({ statuses }: Pick<DownloadEnd, 'statuses'>): readonly JobStatus[] =>
  statuses.filter((status) => !isDone(status) && status.state !== 'lost')

/** A line for each job whose clip is missing, with the reason. */
const missingLines = (end: DownloadEnd): string =>
  missingClips(end)
    .map(({ jobId, image, state, reason }) => {
      const about = [
        ...(state === null || state === 'succeeded' ? [] : [state]),
        ...(reason === '' ? [] : [reason.replaceAll(/\s+/g, ' ')]),
      ]
      const name = image === null ? '' : `  ${imageText(image)}`
      return safeText(`error: ${shortId(jobId)}${name}: ${about.join(': ')}`)
    })
    .map((line) => `${line}\n`)
    .join('')

/** `3 files downloaded (1.2 MB), 37 were there and equal`. */
const filesLine = ({ download: { files } }: Pick<DownloadEnd, 'download'>): string => {
  const downloaded = files.filter(({ outcome }) => outcome === 'downloaded')
  const kept = files.length - downloaded.length
  const sizeBytes = downloaded.reduce((sum, file) => sum + file.sizeBytes, 0)
  const parts = [
    `${counted(downloaded.length, 'file')} downloaded${downloaded.length === 0 ? '' : ` (${formatBytes(sizeBytes)})`}`,
    ...(kept === 0 ? [] : [`${kept} ${kept === 1 ? 'was' : 'were'} there and equal`]),
  ]
  return `${parts.join(', ')}\n`
}

/** Line about jobs that go on; empty if all have ended. */
const notEndedLine = (end: Pick<DownloadEnd, 'statuses'>): string => {
  const { length } = notEnded(end)
  if (length === 0) return ''
  const have = length === 1 ? 'has' : 'have'
  return `${counted(length, 'job')} ${have} not ended; the same command downloads what is missing then\n`
}

/**
 * Lines on stderr at the end of a download, by when earlier ones are out of sight: the faults of its uploads, clips that are
 * missing, and how many files came unless `json` has them.
 */
export const downloadEndLines = (
  end: DownloadEnd,
  { uploadFaults, json }: { readonly uploadFaults: string; readonly json: boolean },
): string => uploadFaults + missingLines(end) + (json ? '' : filesLine(end) + notEndedLine(end))

/** The line of a file. It is a path alone for a file that is new under its own name. */
const fileLine = ({ file, outcome, insteadOf }: DownloadedFile): string => {
  const notes = [
    ...(outcome === 'kept' ? ['there already'] : []),
    ...(insteadOf === null ? [] : [`instead of ${path.basename(insteadOf)}`]),
  ]
  return `${file}${notes.length === 0 ? '' : `  (${notes.join(', ')})`}\n`
}

export interface FileLines {
  write(file: DownloadedFile): void
  /** Writes what is left. */
  end(): void
}

/** Writes the line of each file: at once, or at the end if a table is drawn anew on the terminal until then. */
export const openFileLines = (stdout: TextOutput, { isLive }: { readonly isLive: boolean }): FileLines => {
  let waiting = ''
  return {
    write(file) {
      if (isLive) waiting += fileLine(file)
      else stdout.write(fileLine(file))
    },
    end() {
      if (waiting !== '') stdout.write(waiting)
      waiting = ''
    },
  }
}

/** Clips that are not in the folder, with the reason. The keys are a contract. */
export const missingAsJson = (end: DownloadEnd) =>
  missingClips(end).map(({ jobId, image, state, reason }) => ({ job_id: jobId, image, state, reason }))

/** The object that `--json` prints. Its keys are a contract. */
export const downloadAsJson = (end: DownloadEnd) => ({
  folder: end.folder,
  files: end.download.files.map(
    ({ request, video, kind, format, file, outcome, insteadOf, sizeBytes, sha256 }) => ({
      ...{ file, kind, format, outcome, instead_of: insteadOf, size_bytes: sizeBytes, sha256 },
      ...{ job_id: request.jobId, video, upload: request.uploadKey },
      ...{ item: request.item, item_id: request.itemId, image: request.imageKey },
    }),
  ),
  missing: missingAsJson(end),
  /** Jobs that go on. */
  not_ended: notEnded(end).map(({ jobId, image, state }) => ({
    ...{ job_id: jobId, image: image.source_key, state },
  })),
})
