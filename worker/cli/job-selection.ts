import type { Command } from 'commander'
import { readNumber } from '../../shared/contracts/argument-text.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { reportOfManifest } from '../tracking/dropped-object.ts'
import { findJobIds } from '../tracking/job-id-prefix.ts'
import { listJobs } from '../tracking/list-jobs.ts'
import { parseSince } from './duration.ts'

/** Which jobs of a bucket a command is about. */
export const addJobSelection = (
  command: Command,
  { otherwise, limit }: { readonly otherwise: string; readonly limit: number },
): Command =>
  command
    .argument('[job...]', `ids, or their beginnings (${otherwise})`)
    .optionsGroup('Jobs:')
    .option(
      '--manifest <key>',
      'the jobs of this manifest (or dropped picture), by its key in the input bucket',
    )
    .option('--since <time>', 'that changed since: 15m, 2h, 3d, or a date such as 2026-11-24')
    .option('--limit <n>', 'at most so many, the newest', String(limit))

export interface JobSelectionOptions {
  readonly manifest?: string
  readonly since?: string
  readonly limit: string
}

const MAX_LIMIT = 100_000

const parseLimit = (text: string): number => {
  const limit = readNumber(text)
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new InvalidInputError('--limit', `got '${text}'; must be a whole number from 1 to ${MAX_LIMIT}`)
}

export interface SelectedJobs {
  readonly jobIds: readonly string[]
  /** Those beyond the limit. */
  readonly left: number
  /** Of the upload that `--manifest` names; `null` without that option. */
  readonly report: IngestReport | null
  /** As `--since` says; `null` without that option. */
  readonly since: Date | null
}

/** Named jobs in the order given, a manifest's in its own, others the newest first. Throws InvalidInputError. */
export const selectJobs = async (
  outputs: ObjectStore,
  named: readonly string[],
  options: JobSelectionOptions,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<SelectedJobs> => {
  const { manifest } = options
  const limit = parseLimit(options.limit)
  const ways = [named.length > 0, manifest !== undefined, options.since !== undefined].filter(Boolean).length
  if (ways > 1) {
    throw new InvalidInputError('job', 'give ids, --manifest or --since, and not several of them')
  }
  const since = options.since === undefined ? null : parseSince('--since', options.since, now)
  const report = manifest === undefined ? null : await reportOfManifest(outputs, manifest, signal)
  const chosen = async (): Promise<readonly string[]> => {
    if (named.length > 0) return await findJobIds(outputs, named, signal)
    if (report !== null) return [...new Set(report.jobs.map(({ job_id }) => job_id))]
    const listed = await listJobs(outputs, signal)
    return listed.filter(({ updatedAt }) => since === null || updatedAt >= since).map(({ jobId }) => jobId)
  }
  const jobIds = await chosen()
  return { jobIds: jobIds.slice(0, limit), left: Math.max(0, jobIds.length - limit), report, since }
}
