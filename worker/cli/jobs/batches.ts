import type { Command } from 'commander'
import { MANIFESTS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import { listBatches } from '../../client/batches/list-batches.ts'
import { type Batch, readBatches } from '../../client/batches/read-batches.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { parseSince, shortDuration } from '../terminal/duration.ts'
import { type Column, plainTable } from '../terminal/plain-table.ts'
import { formatDuration } from '../terminal/progress.ts'
import { parseLimit } from './selection.ts'

const NOTES = `
A batch is a manifest, or the images that were uploaded to one folder without a manifest, as by one svd submit. The
newest come first. Other commands take the name of a manifest as --manifest.

Counts come from the index, with one S3 request per 1,000 jobs. Without --exact the cost of a batch is estimated from a
hundred of its jobs where it has more (~), and of a folder only the newest thousand images are counted (of N). The time
left is that of the batch's own latest clips; jobs of other batches before it in the queue are not counted.

  svd batches
  svd batches --since 2d --json
`

export const addBatchesOptions = (command: Command): Command => {
  command
    .summary('manifests and what has become of their jobs')
    .description(
      'Prints the manifests and folders of images that were uploaded, and what has become of their jobs.',
    )
    .optionsGroup('Batches:')
    .option('--since <time>', 'reported on since: 15m, 2h, 3d, or a date such as 2026-11-24')
    .option('--limit <n>', 'at most so many, the newest', '20')
    .option('--exact', 'read the result of every job and the report of every image')
  return addDeploymentOptions(command, ['outputBucket'])
    .optionsGroup('Output:')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

export interface BatchesOptions extends DeploymentOptions {
  readonly since?: string
  readonly limit: string
  readonly exact?: true
  readonly json?: true
}

const SPARING = { reports: 1_000, results: 100 } as const
const EXACT = { reports: Number.POSITIVE_INFINITY, results: Number.POSITIVE_INFINITY } as const

const costText = ({ cost }: Batch): string =>
  cost === null ? '' : `${cost.isEstimated ? '~' : ''}$${cost.usd.toFixed(2)}`

const timeLeftText = ({ left, secondsLeft }: Batch): string =>
  left === 0 ? '' : secondsLeft === null ? '?' : formatDuration(secondsLeft)

const amount = (count: number): string => (count === 0 ? '' : String(count))

/** A manifest as `--manifest` takes it. */
const nameOf = ({ kind, key, uploads, uploadsRead }: Batch): string => {
  const name = kind === 'manifest' ? key.slice(MANIFESTS_PREFIX.length) : key
  return uploadsRead < uploads.length ? `${name} (${uploadsRead} of ${uploads.length})` : name
}

const columns = (now: Date): readonly Column<Batch>[] => [
  { head: 'BATCH', text: nameOf },
  { head: 'ITEMS', align: 'right', text: ({ items }) => String(items) },
  { head: 'CLIPS', align: 'right', text: ({ jobs }) => String(jobs) },
  { head: 'SUCCEEDED', align: 'right', text: ({ succeeded }) => amount(succeeded) },
  { head: 'FAILED', align: 'right', text: ({ failed }) => amount(failed) },
  { head: 'CANCELLED', align: 'right', text: ({ cancelled }) => amount(cancelled) },
  { head: 'LEFT', align: 'right', text: ({ left }) => amount(left) },
  {
    head: 'REJECTED',
    align: 'right',
    text: ({ isRejected, rejectedItems }) => (isRejected ? 'all' : amount(rejectedItems)),
  },
  { head: 'COST', align: 'right', text: costText },
  { head: 'TIME LEFT', align: 'right', text: timeLeftText },
  {
    head: 'WHEN',
    align: 'right',
    text: ({ reportedAt }) =>
      `${shortDuration(Math.max(0, (now.getTime() - reportedAt.getTime()) / 1000))} ago`,
  },
]

/** A batch as `--json` prints it. Its keys are a contract. */
const batchAsJson = (batch: Batch) => ({
  kind: batch.kind,
  key: batch.key,
  uploads: batch.uploads.length,
  /** Fewer than `uploads`: counts are of the newest ones. */
  uploads_counted: batch.uploadsRead,
  items: batch.items,
  rejected_items: batch.rejectedItems,
  rejected: batch.isRejected,
  jobs: batch.jobs,
  succeeded: batch.succeeded,
  failed: batch.failed,
  cancelled: batch.cancelled,
  left: batch.left,
  ended_before: batch.endedBefore,
  /** Cost of the jobs that had not ended before; `null`: no worker knew its price. */
  cost_usd: batch.cost?.usd ?? null,
  cost_is_estimated: batch.cost?.isEstimated ?? false,
  seconds_left: batch.secondsLeft,
  reported_at: batch.reportedAt.toISOString(),
  ended_at: batch.endedAt?.toISOString() ?? null,
})

/** Throws InvalidInputError. */
export const runBatches = async (
  options: BatchesOptions,
  { environment, stdout, signal, openServices }: CommandContext,
): Promise<void> => {
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  const limit = parseLimit(options.limit)
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const now = services.clock.now()
  const since = options.since === undefined ? null : parseSince('--since', options.since, now)
  const listed = (await listBatches(outputs, signal)).filter(
    ({ reportedAt }) => since === null || reportedAt >= since,
  )
  const mostRead = options.exact === true ? EXACT : SPARING
  const batches = await readBatches(outputs, listed.slice(0, limit), { mostRead, now }, signal)
  const more = listed.length - batches.length
  if (options.json) {
    const report = { batches: batches.map(batchAsJson), more_batches: more }
    stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    return
  }
  if (batches.length > 0) stdout.write(`${plainTable(columns(now), batches)}\n`)
  const beyond = more === 0 ? '' : `; ${more} more (--limit)`
  const shown = batches.length === 1 ? '1 batch' : `${batches.length || 'no'} batches`
  stdout.write(`${shown}${beyond}\n`)
}
