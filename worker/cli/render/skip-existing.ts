import { stat } from 'node:fs/promises'
import path from 'node:path'
import {
  type ClipMetadata,
  type ClipRecord,
  clipRecordFileOf,
} from '../../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { readClipRecord } from '../../../shared/files/clip-record-file.ts'
import { hashFile } from '../../../shared/files/hash-file.ts'
import { metadataOfVideos, type SharedFacts } from '../../clips/clip-facts.ts'
import type { ImageJob } from '../../clips/image-job.ts'
import { frameName } from '../../video/write-frames.ts'
import type { outputOptionOf } from './image-jobs.ts'
import { recordDifferences } from './record-differences.ts'

/** A job whose clips are there already, with their records. */
export interface KeptJob {
  readonly job: ImageJob
  readonly clips: readonly { readonly file: string; readonly record: ClipRecord }[]
}

export interface SortedJobs {
  readonly toRender: readonly ImageJob[]
  readonly kept: readonly KeptJob[]
}

interface SkipTools {
  readonly facts: SharedFacts
  /** Hash of each image's pixels. */
  readonly pixels: ReadonlyMap<string, string>
  /** Renders again what differs. */
  readonly overwrite: boolean
  readonly option: ReturnType<typeof outputOptionOf>
  readonly signal: AbortSignal
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/** Files that a record lists and that are not there, or not what it says. */
const fileDifferences = async (
  folder: string,
  { files }: ClipRecord,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const differences: string[] = []
  for (const { name, sha256 } of files) {
    const file = path.join(folder, name)
    if (!(await exists(file))) differences.push(`${name} is missing`)
    else if ((await hashFile(file, signal)).sha256 !== sha256)
      differences.push(`${name} is not the file that the record lists`)
  }
  return differences
}

type FoundClip = { readonly record: ClipRecord } | { readonly differences: readonly string[] } | 'absent'

const findClip = async (file: string, now: ClipMetadata, signal: AbortSignal): Promise<FoundClip> => {
  if (!(await exists(file))) return 'absent'
  const beside = clipRecordFileOf(file)
  const record = await readClipRecord(beside)
  if (record === 'absent') return { differences: [`has no record, ${path.basename(beside)}, beside it`] }
  if (record === 'other') return { differences: [`${path.basename(beside)} is not the record of a clip`] }
  const made = recordDifferences(record, now)
  const differences = made.length > 0 ? made : await fileDifferences(path.dirname(file), record, signal)
  return differences.length > 0 ? { differences } : { record }
}

const hasAllFrames = async ({ framesDirs, settings }: ImageJob): Promise<boolean> => {
  for (const folder of framesDirs ?? []) {
    for (let frame = 0; frame < settings.parameters.numFrames; frame++)
      if (!(await exists(path.join(folder, frameName(frame))))) return false
  }
  return true
}

const refuse = (differing: readonly string[], option: string): never => {
  const others = option === '--output' ? 'another --output' : 'another --output-dir'
  throw new InvalidInputError(
    '--skip-existing',
    `these clips are there, and not what this command makes:\n${differing.join('\n')}\n` +
      `Nothing was rendered. Give --overwrite to render them again, or ${others}.`,
  )
}

/**
 * Sorts out the jobs whose clips are there already: of the same pixels, model, parameters and program by the record
 * beside each, and with the content that the record lists. Throws InvalidInputError that names every clip which is there
 * and differs, unless these are to be overwritten. A clip that is not there, or has frames missing, is rendered.
 */
export const skipExisting = async (
  jobs: readonly ImageJob[],
  { facts, pixels, overwrite, option, signal }: SkipTools,
): Promise<SortedJobs> => {
  const toRender: ImageJob[] = []
  const kept: KeptJob[] = []
  const differing: string[] = []
  for (const job of jobs) {
    const there = await Promise.all(job.outputs.map(exists))
    // The checkpoint is hashed only where a clip has to be compared.
    if (!there.includes(true)) {
      toRender.push(job)
      continue
    }
    const rendered = { pixelsSha256: pixels.get(job.image) ?? '', decodeChunk: 1 }
    const metadataOf = await metadataOfVideos(job, rendered, facts)
    const clips: { file: string; record: ClipRecord }[] = []
    for (const [index, file] of job.outputs.entries()) {
      const found = await findClip(file, metadataOf(index)!, signal)
      if (found === 'absent') continue
      if ('record' in found) clips.push({ file, record: found.record })
      else differing.push(`${file}: ${found.differences.join('; ')}`)
    }
    if (clips.length === job.outputs.length && (await hasAllFrames(job))) kept.push({ job, clips })
    else toRender.push(job)
  }
  if (differing.length > 0 && !overwrite) refuse(differing, option)
  return { toRender, kept }
}
