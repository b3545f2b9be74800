import type { Command } from 'commander'
import { safeText } from '../../shared/contracts/shown-value.ts'
import type { QueueDepth } from '../../shared/ports/message-queue.ts'
import { lostIfGone } from '../tracking/lost-jobs.ts'
import { readStandings } from '../tracking/read-standings.ts'
import { countRejectedUploads, type RejectedUploads } from '../tracking/rejected-uploads.ts'
import { addDeploymentOptions, type DeploymentOptions, readDeployment } from './deployment.ts'
import { EXIT_DONE, EXIT_FAILURE } from './exit-code.ts'
import { jobDetails } from './job-details.ts'
import { jobAsJson } from './job-report.ts'
import { addJobSelection, type JobSelectionOptions, selectJobs } from './job-selection.ts'
import { countStates, jobTable, waitingForModels } from './job-table.ts'
import { readQueueDepths } from './queue-depths.ts'
import { faultLines, supersededLines } from './submit-report.ts'
import type { Surroundings } from './surroundings.ts'

const NOTES = `
Of one job that is named everything is told, of several a line each. With the queues' URLs also how many messages
wait; SQS counts approximately. The last line counts uploads that ingest rejected, of the newest 1,000; --manifest
takes the key of any upload, prints its faults, and ends with exit code 1 if there are any.

  svd status
  svd status 7c12e969
  svd status --manifest manifests/motion.json --json
`

export const addStatusOptions = (command: Command): Command => {
  command.summary('how jobs stand').description('Tells how jobs of the output bucket stand.')
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

/** A key is a user's text, and the line may be pasted into a shell. */
const shellQuoted = (key: string): string => `'${safeText(key).replaceAll("'", "'\\''")}'`

/** The last line; empty if nothing was rejected. */
const rejectedLine = ({ rejected, partly, unchecked, newest }: RejectedUploads): string => {
  if (rejected + partly === 0) return ''
  const older = unchecked > 0 ? ` (${unchecked} older ones not checked)` : ''
  const hint = newest === null ? '' : `; for the last: svd status --manifest ${shellQuoted(newest)}`
  return `uploads: ${rejected} rejected, ${partly} in part${older}${hint}\n`
}

/** Returns the exit code: 1 if the upload that `--manifest` names has faults. Throws InvalidInputError. */
export const runStatus = async (
  named: readonly string[],
  options: StatusOptions,
  surroundings: Surroundings,
): Promise<number> => {
  const { environment, stdout, stderr, signal, openServices } = surroundings
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const now = services.clock.now()
  const { jobIds, left, report, since } = await selectJobs(outputs, named, options, { now, signal })
  const exitCode = report === null || report.state === 'accepted' ? EXIT_DONE : EXIT_FAILURE
  const isOverview = named.length === 0 && report === null
  const uploads = isOverview ? await countRejectedUploads(outputs, since, signal) : null
  const { queue, deadLetters } = await readQueueDepths(options, services, surroundings)
  // After the queues: a job whose message left them is found done then.
  const found = await readStandings(outputs, jobIds, signal)
  const standings = found.map((standing) => lostIfGone(standing, { now, queue, deadLetters }))
  if (options.json) {
    const overview = {
      jobs: standings.map(jobAsJson),
      more_jobs: left,
      queue: depthAsJson(queue),
      dead_letters: depthAsJson(deadLetters),
      /** The upload that `--manifest` names. */
      report,
      /** `null` where jobs or an upload are named. */
      uploads,
    }
    stdout.write(`${JSON.stringify(overview, null, 2)}\n`)
    return exitCode
  }
  const [only] = standings
  if (named.length === 1 && only !== undefined) {
    stdout.write(jobDetails(only))
    return exitCode
  }
  if (standings.length > 0) stdout.write(`${jobTable(standings, now)}\n`)
  const counts = countStates(standings)
  stdout.write(`${counts === '' ? 'no jobs' : counts}${left > 0 ? `; ${left} more (--limit)` : ''}\n`)
  for (const line of waitingForModels(standings)) stdout.write(`${line}\n`)
  if (queue !== null)
    stdout.write(`queue: ${queue.visible + queue.delayed} waiting, ${queue.inFlight} in work\n`)
  if (deadLetters !== null) stdout.write(`dead letters: ${deadLetters.visible + deadLetters.inFlight}\n`)
  if (uploads !== null) stdout.write(rejectedLine(uploads))
  if (report !== null) {
    stdout.write(supersededLines(report))
    stderr.write(faultLines(report.key, report))
  }
  return exitCode
}
