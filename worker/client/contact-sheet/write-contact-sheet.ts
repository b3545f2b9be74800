import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { writeThenRename } from '../../../shared/files/write-then-rename.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import { clipMedia } from './clip-media.ts'
import { collectJobs } from './collect-jobs.ts'
import { type ContactSheetOptions, renderContactSheet } from './render-contact-sheet.ts'
import { besidePage, inPage } from './sheet-files.ts'

export interface WriteContactSheetOptions extends ContactSheetOptions {
  /** The page. */
  readonly file: string
  /** Clips as files in a folder beside the page, instead of in it. */
  readonly link: boolean
}

export interface WrittenContactSheet {
  readonly file: string
  readonly jobs: number
  readonly clips: number
  readonly sizeBytes: number
}

/** A page is one string in memory, and a browser keeps it whole. */
const MAX_CLIPS_IN_PAGE_BYTES = 200e6

const assertFitsPage = (statuses: readonly JobStatus[]): void => {
  const outputs = statuses.flatMap(({ result }) => [
    ...(result?.outputs ?? []),
    ...(result?.failure?.rejected ?? []),
  ])
  const played = outputs.filter(({ video }) => clipMedia(video.key) !== null)
  const bytes = played.reduce((total, { video }) => total + video.size_bytes, 0)
  if (bytes <= MAX_CLIPS_IN_PAGE_BYTES) return
  throw new InvalidInputError(
    '--output',
    `would hold ${(bytes / 1e6).toFixed(0)} MB of clips, more than the ${MAX_CLIPS_IN_PAGE_BYTES / 1e6} MB that one ` +
      'page can; give --link to put them beside it, or fewer jobs',
  )
}

/** Fetches the jobs' clips and writes the page. Throws InvalidInputError where that is too much for one. */
export const writeContactSheet = async (
  outputs: ObjectStore,
  statuses: readonly JobStatus[],
  options: WriteContactSheetOptions,
  signal: AbortSignal,
): Promise<WrittenContactSheet> => {
  const { file, link } = options
  if (!link) assertFitsPage(statuses)
  const place = link ? besidePage(file) : inPage
  const jobs = await collectJobs(statuses, { outputs, place, unplayed: link, signal })
  const bytes = new TextEncoder().encode(await renderContactSheet(jobs, options))
  await writeThenRename(file, (temporary) => writeFile(temporary, bytes))
  return {
    file: path.resolve(file),
    jobs: jobs.length,
    clips: jobs.reduce((total, { clips }) => total + clips.length, 0),
    sizeBytes: bytes.length,
  }
}
