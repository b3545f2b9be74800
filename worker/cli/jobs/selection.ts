import { type Command, Option } from 'commander'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { JOB_STATES, type JobState } from '../../../shared/contracts/status-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import {
  type IndexedPage,
  newestPage,
  openPage,
  pageOfState,
  pageSince,
} from '../../client/tracking/indexed-jobs.ts'
import { findJobIds } from '../../client/tracking/job-id-prefix.ts'
import { type JobTotals, readJobTotals } from '../../client/tracking/job-totals.ts'
import { openIndex } from '../../client/tracking/open-index.ts'
import { reportsOfPrefix } from '../../client/tracking/reports-of-prefix.ts'
import { type FindingManifest, reportOfManifest } from '../../client/tracking/uploaded-object.ts'
import type { TextOutput } from '../command-context.ts'
import { parseSince } from '../terminal/duration.ts'
import { readWholeNumber } from '../whole-number.ts'

/** Which jobs a command is about where none are named. */
export type OtherJobs = 'all' | 'not-done' | 'none'

const OTHERWISE: Readonly<Record<OtherJobs, string>> = {
  all: 'default: all, the newest change first',
  'not-done': 'default: all that are not done',
  none: 'or give --manifest, --prefix, --since or --kept',
}

/** Which jobs of a bucket a command is about. */
export const addJobSelection = (
  command: Command,
  { otherwise, limit }: { readonly otherwise: OtherJobs; readonly limit: number },
): Command => {
  command
    .argument('[job...]', `job ids or their beginnings (${OTHERWISE[otherwise]})`)
    .optionsGroup('Jobs:')
    .option(
      '--manifest <key>',
      'the jobs of this manifest (or uploaded image), by its key in the input bucket, or by its name: the newest',
    )
    .option('--prefix <name>', 'the jobs of all uploads in this folder, which svd submit names')
    .option('--since <time>', 'that changed since: 15m, 2h, 3d, or a date such as 2026-11-24')
  if (otherwise === 'all')
    command.addOption(new Option('--state <state>', 'in this state').choices(JOB_STATES))
  return command.option('--limit <n>', 'at most so many: the newest, of a manifest its first', String(limit))
}

export interface JobSelectionOptions {
  readonly manifest?: string
  readonly prefix?: string
  readonly since?: string
  readonly state?: JobState
  readonly limit: string
}

export const MAX_LIMIT = 100_000

export const parseLimit = (text: string): number => readWholeNumber('--limit', text, MAX_LIMIT)

export interface SelectedJobs extends IndexedPage {
  /** Report of the upload that `--manifest` names; `null` without that option. */
  readonly report: IngestReport | null
  /** Reports of the uploads that `--manifest` or `--prefix` name; empty without these options. */
  readonly reports: readonly IngestReport[]
  /** Totals of the whole bucket; `null` if jobs or an upload are named. */
  readonly totals: JobTotals | null
  /** As `--since` says; `null` without that option. */
  readonly since: Date | null
}

const oneWay = (otherwise: OtherJobs): string =>
  `give ids, --manifest, --prefix${otherwise === 'all' ? ', --since or --state' : ' or --since'}, and not several of them`
const NO_WAY = 'got none; give ids, --manifest, --prefix, --since or --kept'

const idsOf = (reports: readonly IngestReport[]): readonly string[] => [
  ...new Set(reports.flatMap(({ jobs }) => jobs.map(({ job_id }) => job_id))),
]

const pageOf = (jobIds: readonly string[], limit: number): IndexedPage => ({
  jobIds: jobIds.slice(0, limit),
  left: Math.max(0, jobIds.length - limit),
})

/** Writes notes as lines. */
export const notesTo =
  (output: TextOutput) =>
  (text: string): void => {
    output.write(`${text}\n`)
  }

/** Named jobs in the order given, a manifest's in its own, others the newest first. Throws InvalidInputError. */
export const selectJobs = async (
  outputs: ObjectStore,
  named: readonly string[],
  options: JobSelectionOptions,
  { otherwise, now, note, signal }: FindingManifest & { readonly otherwise: OtherJobs; readonly now: Date },
): Promise<SelectedJobs> => {
  const { manifest, prefix, state } = options
  const limit = parseLimit(options.limit)
  const ways = [
    ...[named.length > 0, manifest !== undefined, prefix !== undefined],
    ...[options.since !== undefined, state !== undefined],
  ]
  if (otherwise === 'none' && !ways.includes(true)) throw new InvalidInputError('job', NO_WAY)
  if (ways.filter(Boolean).length > 1) throw new InvalidInputError('job', oneWay(otherwise))
  const since = options.since === undefined ? null : parseSince('--since', options.since, now)
  const nothing = { report: null, reports: [], totals: null, since: null }
  if (named.length > 0) return { ...nothing, ...pageOf(await findJobIds(outputs, named, signal), limit) }
  if (manifest !== undefined) {
    const report = await reportOfManifest(outputs, manifest, { note, signal })
    return { ...nothing, ...pageOf(idsOf([report]), limit), report, reports: [report] }
  }
  if (prefix !== undefined) {
    const reports = await reportsOfPrefix(outputs, prefix, signal)
    return { ...nothing, ...pageOf(idsOf(reports), limit), reports }
  }
  const index = openIndex(outputs, signal)
  const totals = await readJobTotals(outputs, index, signal)
  const choose = (): Promise<IndexedPage> => {
    if (since !== null) return pageSince(index, since, limit)
    if (state !== undefined) return pageOfState(outputs, index, { state, limit, totals }, signal)
    return otherwise === 'all'
      ? newestPage(index, totals, limit)
      : openPage(outputs, index, { limit, totals }, signal)
  }
  return { ...(await choose()), report: null, reports: [], totals, since }
}
