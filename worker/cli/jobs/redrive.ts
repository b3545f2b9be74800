import { type Command, Option } from 'commander'
import { FAILURE_CLASSES, type FailureClass } from '../../../shared/contracts/result-record.ts'
import { type RedrivenJob, type RedriveReport, redrive } from '../../client/redrive/redrive.ts'
import { findJobIds } from '../../client/tracking/job-id-prefix.ts'
import { reportOfManifest } from '../../client/tracking/uploaded-object.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions, type DeploymentOptions, readDeployment } from '../deployment.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { parseDuration } from '../terminal/duration.ts'
import { type Column, plainTable } from '../terminal/plain-table.ts'
import { counted, shortened } from '../terminal/short-text.ts'
import { imageText, shortId } from './table.ts'

const NOTES = `
Without filters, every job whose message is in the dead-letter queue. With --job, --manifest or --class also failed jobs
that have none there, such as those of class invalid-input or quality. Filters hold together. A job that was cancelled
comes back only by --job. The earlier result is kept as jobs/ID/failures/0001.json and so on.

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
    .option('--manifest <key>', 'those of this manifest')
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
  'out-of-reach': 'somebody else has its message; try again later',
  chosen: 'would be brought back',
  waiting: 'in the dead-letter queue now; redrive again',
}

const COLUMNS: readonly Column<RedrivenJob>[] = [
  { head: 'JOB', text: ({ job }) => shortId(job.job_id) },
  { head: 'PICTURE', text: ({ job }) => imageText(job.image.source_key) },
  { head: 'CLASS', text: ({ result }) => result?.failure?.class ?? '' },
  { head: '', text: ({ outcome }) => SAID[outcome] },
  {
    head: 'REASON',
    text: ({ result }) => shortened((result?.failure?.reason ?? '').replaceAll(/\s+/g, ' '), 60),
  },
]

/** The object that `--json` prints. Its keys are a contract. */
const reportAsJson = ({ jobs, deadLettersLeft, malformed }: RedriveReport) => ({
  jobs: jobs.map(({ job, result, outcome }) => ({
    job_id: job.job_id,
    outcome,
    image: job.image.source_key,
    state: result?.state ?? null,
    class: result?.failure?.class ?? null,
    reason: result?.failure?.reason ?? null,
    finished_at: result?.finished_at ?? null,
  })),
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

/** Returns the exit code: 1 if a job has to be redriven again. Throws InvalidInputError. */
export const runRedrive = async (
  options: RedriveCommandOptions,
  { environment, stdout, signal, openServices }: CommandContext,
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
  const named = options.job === undefined ? null : new Set(await findJobIds(outputs, options.job, signal))
  const ofManifest =
    options.manifest === undefined
      ? null
      : new Set((await reportOfManifest(outputs, options.manifest, signal)).jobs.map(({ job_id }) => job_id))
  const report = await redrive(
    {
      outputs,
      clock,
      jobs: services.openQueue(deployment.jobsQueueUrl),
      deadLetters: services.openQueue(deployment.deadLetterQueueUrl),
    },
    {
      filter: {
        jobIds: both(named, ofManifest),
        named: named ?? new Set(),
        classes: options.class === undefined ? null : new Set(options.class),
        endedBefore: olderSeconds === null ? null : new Date(clock.now().getTime() - olderSeconds * 1000),
      },
      dryRun: options.dryRun === true,
    },
    signal,
  )
  if (options.json) stdout.write(`${JSON.stringify(reportAsJson(report), null, 2)}\n`)
  else {
    if (report.jobs.length > 0) stdout.write(`${plainTable(COLUMNS, report.jobs)}\n`)
    stdout.write(summary(report, options.dryRun === true))
  }
  return report.jobs.some(({ outcome }) => outcome === 'out-of-reach' || outcome === 'waiting')
    ? EXIT_FAILURE
    : EXIT_DONE
}
