import type { Command } from 'commander'
import { readNumber } from '../../../shared/contracts/argument-text.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import { followEndedRequests } from '../../client/tracking/ended-requests.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { followQueues } from './follow-queues.ts'
import { jobAsJson } from './job-report.ts'
import { addJobSelection, type JobSelectionOptions, MAX_LIMIT, notesTo, selectJobs } from './selection.ts'
import { faultLines } from './submit-report.ts'
import { jobTable } from './table.ts'
import { allSucceeded, displayFor, endLine, jsonLineDisplay, watchJobs } from './watch-jobs.ts'

const NOTES = `
On a terminal a table that is drawn anew, with a bar for each job and the time left of all. Elsewhere a line for each
change, of more than four jobs for each that has ended, and on stderr a line a minute about all of them.
With --json each line of stdout is a job as svd status prints it, whenever it changed, or has a type: then it is the
event of a request or a batch that has ended (svd schema event).
With the URLs of both queues, watch also ends when the message of a job is in no queue: that job is lost.
Exit code 1 if a job failed, was cancelled or is lost, or if the upload that --manifest names has faults.
`

export const addWatchOptions = (command: Command): Command => {
  command
    .summary('follow jobs until they are done')
    .description('Follows jobs until all of them are done or lost.')
  addJobSelection(command, { otherwise: 'not-done', limit: MAX_LIMIT })
  return addDeploymentOptions(command, ['outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'])
    .optionsGroup('Output:')
    .option('--interval <seconds>', 'between two polls', '2')
    .option('--json', 'JSON lines')
    .addHelpText('after', NOTES)
}

export interface WatchCommandOptions extends DeploymentOptions, JobSelectionOptions {
  readonly interval: string
  readonly json?: true
}

export const parseInterval = (text: string): number => {
  const seconds = readNumber(text)
  if (typeof seconds === 'number' && seconds >= 0.1 && seconds <= 3600) return seconds * 1000
  throw new InvalidInputError('--interval', `got '${text}'; must be a number of seconds from 0.1 to 3600`)
}

/** Largest count of jobs that are all listed. If there are more, those that succeeded are only counted. */
const MOST_LISTED = 200

const listedOf = (ended: readonly JobStatus[]): readonly JobStatus[] =>
  ended.length <= MOST_LISTED
    ? ended
    : ended.filter(({ state }) => state !== 'succeeded').slice(0, MOST_LISTED)

/** Runs `svd watch`, and returns the exit code. Throws InvalidInputError, and the signal's reason when that aborts. */
export const runWatch = async (
  named: readonly string[],
  options: WatchCommandOptions,
  context: CommandContext,
): Promise<number> => {
  const { environment, stdout, stderr, signal, openServices } = context
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  const intervalMs = parseInterval(options.interval)
  await using services = await openServices()
  const { clock } = services
  const outputs = services.openBucket(outputBucket)
  const selecting = { otherwise: 'not-done', now: clock.now(), note: notesTo(stderr), signal } as const
  const { jobIds, left, report, reports } = await selectJobs(outputs, named, options, selecting)
  if (left === null)
    stderr.write('there may be older jobs that are not done; name them, or give --manifest\n')
  else if (left > 0) stderr.write(`${left} more are not watched (--limit)\n`)
  const display = options.json
    ? jsonLineDisplay(stdout, jobAsJson)
    : displayFor({ stdout, stderr }, { quiet: false, clock })
  using queues = followQueues(options, services, context)
  const { readQueueDepths } = queues
  const endedRequests = followEndedRequests(outputs, report)
  const printEvents = async (statuses: readonly JobStatus[]): Promise<void> => {
    for (const event of await endedRequests(statuses, signal)) stdout.write(`${JSON.stringify(event)}\n`)
  }
  const watching = {
    clock,
    intervalMs,
    readQueueDepths,
    display,
    ...(options.json && { onStatuses: printEvents }),
  }
  const ended = await watchJobs(outputs, jobIds, watching, signal)
  // A manifest without jobs has nothing to watch, and its batch has ended all the same.
  if (options.json && ended.length === 0) await printEvents([])
  if (!options.json) {
    const listed = listedOf(ended)
    if (listed.length > 0) stdout.write(`${jobTable(listed, clock.now())}\n`)
    stdout.write(endLine(ended))
  }
  for (const one of reports) stderr.write(faultLines(one.key, one))
  const isAccepted = reports.every(({ state }) => state === 'accepted')
  return isAccepted && allSucceeded(ended) ? EXIT_DONE : EXIT_FAILURE
}
