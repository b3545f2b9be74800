import type { Command } from 'commander'
import type { DispatchState } from '../../../shared/contracts/dispatch-state.ts'
import type { QueueDepth } from '../../../shared/ports/message-queue.ts'
import { shellQuoted } from '../../../shared/shell-text.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import { readQueueDepths } from '../../aws/queue-depths.ts'
import { FLEET_TITLES, fleetFigures, fleetWaits } from '../../client/tracking/fleet-waits.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import type { JobTotals } from '../../client/tracking/job-totals.ts'
import { lostIfGone } from '../../client/tracking/lost-jobs.ts'
import { readDispatch } from '../../client/tracking/read-dispatch.ts'
import { readJobStatuses } from '../../client/tracking/read-job-statuses.ts'
import { countRejectedUploads, type RejectedUploads } from '../../client/tracking/rejected-uploads.ts'
import { exactName } from '../../client/tracking/uploaded-object.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { jobDetails } from './details.ts'
import { jobAsJson } from './job-report.ts'
import {
  addJobSelection,
  type JobSelectionOptions,
  notesTo,
  type SelectedJobs,
  selectJobs,
} from './selection.ts'
import { faultLines, supersededLines } from './submit-report.ts'
import { countStates, jobTable, totalsText, waitingForModels } from './table.ts'

const NOTES = `
Of one job that is named everything is told, of several a line each. With the queues' URLs also how many messages
wait; SQS counts approximately. The last line counts uploads that ingest rejected, at most 1,000; --manifest
takes the key of any upload or s3://BUCKET/KEY, prints its faults, and ends with exit code 1 if there are any.

  svd status
  svd status 7c12e969
  svd status --state failed
  svd status --manifest manifests/motion.json --json
`

export const addStatusOptions = (command: Command): Command => {
  command.summary('how jobs stand').description('Prints the status of jobs of the output bucket.')
  addJobSelection(command, { otherwise: 'all', limit: 20 })
  return addDeploymentOptions(command, ['outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'])
    .optionsGroup('Output:')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

export interface StatusOptions extends DeploymentOptions, JobSelectionOptions {
  readonly json?: true
}

const depthAsJson = (depth: QueueDepth | null) =>
  depth === null ? null : { visible: depth.visible, in_flight: depth.inFlight, delayed: depth.delayed }

/** The last line; empty if nothing was rejected. */
const rejectedLine = async (
  { rejected, partly, more, newest }: RejectedUploads,
  nameOf: (key: string) => Promise<string | null>,
): Promise<string> => {
  if (rejected + partly === 0) return ''
  const older = more ? ', and older ones' : ''
  const name = newest === null ? null : await nameOf(newest)
  const hint = name === null ? '' : `; for the last: svd status --manifest ${shellQuoted(name)}`
  return `uploads: ${rejected} rejected, ${partly} in part${older}${hint}\n`
}

/** Which workers dispatch has asked for, and why not more. */
const workersAsJson = (state: DispatchState, now: Date) =>
  fleetFigures(state, now).map(({ fleet, asked, usdToday }) => {
    const known = state[fleet]
    return {
      ...{ fleet, asked, usd_today: usdToday, waits: known?.waits ?? null },
      ...{ failures: known?.failures ?? 0, failure: known?.failure ?? null },
      retry_at: known?.retry_at ?? null,
    }
  })

const totalsAsJson = ({ jobs, notDone, succeeded, failed, cancelled }: JobTotals) => ({
  ...{ jobs, not_done: notDone, succeeded, failed, cancelled },
})

/** The states of the jobs shown, or of all jobs where those are more. */
const countLine = (statuses: readonly JobStatus[], { left, totals, endedEarly }: SelectedJobs): string => {
  if (endedEarly)
    return `${countStates(statuses) || 'no jobs'} among the newest; older ones were not searched\n`
  if (left === 0) return `${countStates(statuses) || 'no jobs'}\n`
  const more = `${left === null ? '' : `${left} `}more (--limit)`
  return totals === null
    ? `${countStates(statuses)}; ${more}\n`
    : `${countStates(statuses)}; ${more}\n${totalsText(totals)}\n`
}

/** Returns the exit code: 1 if an upload that is named has faults. Throws InvalidInputError. */
export const runStatus = async (
  named: readonly string[],
  options: StatusOptions,
  context: CommandContext,
): Promise<number> => {
  const { environment, stdout, stderr, signal, openServices } = context
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const now = services.clock.now()
  // Before the records: a job whose message left the queues is found done then.
  const { queue, deadLetters } = await readQueueDepths(options, services, context)
  const selecting = { otherwise: 'all', now, note: notesTo(stderr), signal } as const
  const selected = await selectJobs(outputs, named, options, selecting)
  const { jobIds, left, report, reports, totals, since } = selected
  const exitCode = reports.every(({ state }) => state === 'accepted') ? EXIT_DONE : EXIT_FAILURE
  const uploads = totals === null ? null : await countRejectedUploads(outputs, since, signal)
  const dispatch = totals === null ? null : await readDispatch(outputs, signal)
  const found = selected.statuses ?? (await readJobStatuses(outputs, jobIds, signal))
  const statuses = found.map((status) => lostIfGone(status, { now, queue, deadLetters }))
  if (options.json) {
    const overview = {
      jobs: statuses.map(jobAsJson),
      /** `null`: there are more, and nobody counted them. */
      more_jobs: left,
      /** `null` where jobs or an upload are named. */
      totals: totals === null ? null : totalsAsJson(totals),
      queue: depthAsJson(queue),
      dead_letters: depthAsJson(deadLetters),
      /** `null` where jobs or an upload are named, or no dispatch has run. */
      workers: dispatch === null ? null : workersAsJson(dispatch, now),
      /** The upload that `--manifest` names. */
      report,
      /** `null` where jobs or an upload are named. */
      uploads,
    }
    stdout.write(`${JSON.stringify(overview, null, 2)}\n`)
    return exitCode
  }
  const [only] = statuses
  if (named.length === 1 && only !== undefined) {
    stdout.write(jobDetails(only))
    return exitCode
  }
  if (statuses.length > 0) stdout.write(`${jobTable(statuses, now)}\n`)
  stdout.write(countLine(statuses, selected))
  for (const line of waitingForModels(statuses)) stdout.write(`${line}\n`)
  if (queue !== null)
    stdout.write(`queue: ${queue.visible + queue.delayed} waiting, ${queue.inFlight} in work\n`)
  if (deadLetters !== null) stdout.write(`dead letters: ${deadLetters.visible + deadLetters.inFlight}\n`)
  for (const { fleet, text } of dispatch === null ? [] : fleetWaits(dispatch))
    stdout.write(`workers of ${FLEET_TITLES[fleet]}: ${text}\n`)
  if (uploads !== null) stdout.write(await rejectedLine(uploads, (key) => exactName(outputs, key, signal)))
  for (const one of reports) {
    stdout.write(supersededLines(one))
    stderr.write(faultLines(one.key, one))
  }
  return exitCode
}
