import { type Command, Option } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { FAILURE_CLASSES, type FailureClass } from '../../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import { explainJobsLeft, type JobLeft } from '../../client/redrive/jobs-left.ts'
import { findJobsWithoutMessage, type JobsWithoutMessage } from '../../client/redrive/jobs-without-message.ts'
import { type RedrivenJob, type RedriveReport, redrive } from '../../client/redrive/redrive.ts'
import type { RedriveFilter } from '../../client/redrive/redrive-filter.ts'
import { findJobId } from '../../client/tracking/job-id-prefix.ts'
import { type FindingManifest, reportOfManifest } from '../../client/tracking/uploaded-object.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { EXIT_DONE, EXIT_FAILURE, EXIT_INVALID_INPUT, worstOf } from '../exit-code.ts'
import { parseDuration } from '../terminal/duration.ts'
import { type Column, plainTable } from '../terminal/plain-table.ts'
import { counted, shortened } from '../terminal/short-text.ts'
import { notesTo } from './selection.ts'
import { suggestedCommand } from './suggested-command.ts'
import { imageText, shortId } from './table.ts'

const NOTES = `
Without filters, every job whose message is in the dead-letter queue; failed jobs without one are listed. With --job, --manifest or --class also failed jobs
that have none there, such as those of class invalid-input or quality. Filters hold together. A job that was cancelled
comes back only by --job. The earlier result is kept as jobs/ID/failures/0001.json and so on.

A job that --job or --manifest names and that needs no redrive has a line with the reason.

If it is interrupted, nothing is lost: the same command completes it.

  svd redrive --dry-run
  svd redrive --class exhausted --older-than 1h
  svd redrive --job 7c12e969
`

export const addRedriveOptions = (command: Command): Command => {
  command
    .summary('bring failed jobs back')
    .description('Brings failed jobs back into the queue.')
    .optionsGroup('Jobs:')
    .addOption(new Option('--class <class...>', 'those that failed so').choices(FAILURE_CLASSES))
    .option('--older-than <time>', 'those that failed so long ago: 15m, 2h, 3d')
    .option('--job <id...>', 'these, by id or its beginning')
    .option('--manifest <key>', 'those of this manifest, by its key or name')
    .option('--dry-run', 'print the jobs, and change nothing')
  return addDeploymentOptions(command, ['outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'])
    .optionsGroup('Output:')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

export interface RedriveCommandOptions extends DeploymentOptions {
  readonly class?: readonly FailureClass[]
  readonly olderThan?: string
  readonly job?: readonly string[]
  readonly manifest?: string
  readonly dryRun?: true
  readonly json?: true
}

const SAID: Readonly<Record<RedrivenJob['outcome'], string>> = {
  'brought-back': 'in the queue again',
  done: 'has a result that stays',
  'out-of-reach': 'another process has its message; try again later',
  chosen: 'would be brought back',
  waiting: 'in the dead-letter queue now; redrive again',
}

const COLUMNS: readonly Column<RedrivenJob>[] = [
  { head: 'JOB', text: ({ job }) => shortId(job.job_id) },
  { head: 'IMAGE', text: ({ job }) => imageText(job.image.source_key) },
  { head: 'CLASS', text: ({ result }) => result?.failure?.class ?? '' },
  { head: '', text: ({ outcome }) => SAID[outcome] },
  {
    head: 'REASON',
    text: ({ result }) => shortened((result?.failure?.reason ?? '').replaceAll(/\s+/g, ' '), 60),
  },
]

/** The object that `--json` prints. Its keys are a contract. */
const reportAsJson = (
  { jobs, deadLettersLeft, malformed }: RedriveReport,
  {
    left,
    leftMore,
    unknown,
  }: Pick<AskedJobs, 'unknown'> & { readonly left: readonly JobLeft[]; readonly leftMore: number },
) => ({
  jobs: jobs.map(({ job, result, outcome }) => ({
    job_id: job.job_id,
    outcome,
    image: job.image.source_key,
    state: result?.state ?? null,
    class: result?.failure?.class ?? null,
    reason: result?.failure?.reason ?? null,
    finished_at: result?.finished_at ?? null,
  })),
  /** Jobs that stay as they are: those that the options name; without filters, failed ones without a message. */
  left: left.map(({ jobId, status, reason }) => ({ job_id: jobId, state: status?.state ?? null, reason })),
  /** Count of further failed jobs without a message. */
  left_more: leftMore,
  /** Values of `--job` that are no job's id or beginning, or not one's alone. */
  unknown: unknown.map(({ typed, reason }) => ({ job: typed, reason })),
  dead_letters_left: deadLettersLeft,
  malformed_message_ids: malformed,
})

const summary = ({ jobs, deadLettersLeft, malformed }: RedriveReport, dryRun: boolean): string => {
  const count = jobs.filter(({ outcome }) => outcome === 'brought-back' || outcome === 'chosen').length
  const lines = [
    `${counted(count, 'job')} ${dryRun ? 'would be brought back' : 'brought back'}`,
    ...(deadLettersLeft > 0 ? [`${counted(deadLettersLeft, 'dead letter')} of other jobs left`] : []),
    ...(malformed.length > 0
      ? [`${counted(malformed.length, 'dead letter')} that are no jobs: ${malformed.join(', ')}`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Jobs that both filters accept; `null` accepts all. */
const both = (a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): ReadonlySet<string> | null =>
  a === null || b === null ? (a ?? b) : new Set([...a].filter((id) => b.has(id)))

/** Most jobs of a manifest that have a line each; of more, those of one reason have a line together. */
const MOST_LEFT_LINES = 20

/** Jobs that stay as they are, with the reasons. */
const leftLines = (left: readonly JobLeft[]): string => {
  if (left.length <= MOST_LEFT_LINES)
    return left.map(({ jobId, reason }) => `${shortId(jobId)}  ${reason}\n`).join('')
  const groups = Map.groupBy(left, ({ status }) => status?.state ?? 'without a record')
  return [...groups]
    .map(([state, jobs]) => `${counted(jobs.length, 'job')} ${state}, such as ${leftLines(jobs.slice(0, 1))}`)
    .join('')
}

/** Says how failed jobs without a dead-letter message are tried again; empty if there are none. */
const noMessageAdvice = ({ explained, more }: JobsWithoutMessage, options: DeploymentOptions): string => {
  const [first] = explained
  if (first === undefined) return ''
  const count = explained.length + more
  const classes = new Set(explained.flatMap(({ status }) => status?.result?.failure?.class ?? []))
  const id = shortId(first.jobId)
  const asIs = count === 1 ? ['redrive', '--job', id] : ['redrive', '--class', ...classes]
  return (
    `${counted(count, 'failed job')} without a dead-letter message left\n` +
    `To try ${count === 1 ? 'it' : 'them'} again as before: ${suggestedCommand(options, asIs)}\n` +
    `To change arguments: ${suggestedCommand(options, ['rerun', id, '--seed', '7'])}\n` +
    'To correct an upload: change it, and submit it again with --retry-failed\n'
  )
}

interface AskedJobs {
  /** Ids of the jobs that `--job` and `--manifest` name together; `null` if neither is given. */
  readonly jobIds: ReadonlySet<string> | null
  /** Ids of those that `--job` names. */
  readonly named: ReadonlySet<string>
  readonly unknown: readonly { readonly typed: string; readonly reason: string }[]
}

/** Finds the jobs that the options name. An unknown one does not keep the others from being brought back. */
const readAskedJobs = async (
  outputs: ObjectStore,
  { job, manifest }: RedriveCommandOptions,
  finding: FindingManifest,
): Promise<AskedJobs> => {
  const named = new Set<string>()
  const unknown: AskedJobs['unknown'][number][] = []
  for (const typed of job ?? []) {
    try {
      named.add(await findJobId(outputs, typed, finding.signal))
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      unknown.push({ typed, reason: error.message })
    }
  }
  const report = manifest === undefined ? null : await reportOfManifest(outputs, manifest, finding)
  const ofManifest = report === null ? null : new Set(report.jobs.map(({ job_id }) => job_id))
  return { jobIds: both(job === undefined ? null : named, ofManifest), named, unknown }
}

/** Returns the exit code: 1 if a job has to be redriven again, 2 if `--job` names an unknown one. */
export const runRedrive = async (
  options: RedriveCommandOptions,
  { environment, stdout, stderr, signal, openServices }: CommandContext,
): Promise<number> => {
  const deployment = readDeployment(
    ['outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'],
    options,
    environment,
  )
  const olderSeconds =
    options.olderThan === undefined ? null : parseDuration('--older-than', options.olderThan)
  await using services = await openServices()
  const { clock } = services
  const outputs = services.openBucket(deployment.outputBucket)
  const asked = await readAskedJobs(outputs, options, { note: notesTo(stderr), signal })
  for (const { reason } of asked.unknown) stderr.write(`error: ${reason}\n`)
  const filter: RedriveFilter = {
    jobIds: asked.jobIds,
    named: asked.named,
    classes: options.class === undefined ? null : new Set(options.class),
    endedBefore: olderSeconds === null ? null : new Date(clock.now().getTime() - olderSeconds * 1000),
  }
  const queues = {
    jobs: services.openQueue(deployment.jobsQueueUrl),
    deadLetters: services.openQueue(deployment.deadLetterQueueUrl),
  }
  const redriving = { filter, dryRun: options.dryRun === true }
  const report = await redrive({ outputs, clock, ...queues }, redriving, signal)
  const redriven = new Set(report.jobs.map(({ job }) => job.job_id))
  const others = [...(asked.jobIds ?? [])].filter((jobId) => !redriven.has(jobId))
  const named = await explainJobsLeft(outputs, others, filter, signal)
  const withoutMessage = await findJobsWithoutMessage(outputs, redriven, filter, signal)
  const left = [...named, ...withoutMessage.explained]
  if (options.json) {
    const json = reportAsJson(report, { left, leftMore: withoutMessage.more, unknown: asked.unknown })
    stdout.write(`${JSON.stringify(json, null, 2)}\n`)
  } else {
    if (report.jobs.length > 0) stdout.write(`${plainTable(COLUMNS, report.jobs)}\n`)
    stdout.write(leftLines(left) + summary(report, options.dryRun === true))
    stdout.write(noMessageAdvice(withoutMessage, options))
  }
  const exitCodes = [
    ...report.jobs.map(({ outcome }) =>
      outcome === 'out-of-reach' || outcome === 'waiting' ? EXIT_FAILURE : EXIT_DONE,
    ),
    ...asked.unknown.map(() => EXIT_INVALID_INPUT),
  ]
  return worstOf(exitCodes)
}
