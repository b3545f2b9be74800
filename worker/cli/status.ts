import type { Command } from 'commander'
import type { QueueDepth } from '../../shared/ports/message-queue.ts'
import { lostIfGone } from '../tracking/lost-jobs.ts'
import { readStandings } from '../tracking/read-standings.ts'
import { addDeploymentOptions, type DeploymentOptions, readDeployment } from './deployment.ts'
import { jobDetails } from './job-details.ts'
import { jobAsJson } from './job-report.ts'
import { addJobSelection, type JobSelectionOptions, selectJobs } from './job-selection.ts'
import { countStates, jobTable, waitingForModels } from './job-table.ts'
import { readQueueDepths } from './queue-depths.ts'
import type { Surroundings } from './surroundings.ts'

const NOTES = `
Of one job that is named everything is told, of several a line each. With the queues' URLs also how many messages
wait; SQS counts approximately.

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

/** Throws InvalidInputError. */
export const runStatus = async (
  named: readonly string[],
  options: StatusOptions,
  surroundings: Surroundings,
): Promise<void> => {
  const { environment, stdout, signal, openServices } = surroundings
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const now = services.clock.now()
  const { jobIds, left } = await selectJobs(outputs, named, options, { now, signal })
  const { queue, deadLetters } = await readQueueDepths(options, services, surroundings)
  // After the queues: a job whose message left them is found done then.
  const found = await readStandings(outputs, jobIds, signal)
  const standings = found.map((standing) => lostIfGone(standing, { now, queue, deadLetters }))
  if (options.json) {
    const report = {
      jobs: standings.map(jobAsJson),
      more_jobs: left,
      queue: depthAsJson(queue),
      dead_letters: depthAsJson(deadLetters),
    }
    stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    return
  }
  const [only] = standings
  if (named.length === 1 && only !== undefined) {
    stdout.write(jobDetails(only))
    return
  }
  if (standings.length > 0) stdout.write(`${jobTable(standings, now)}\n`)
  const counts = countStates(standings)
  stdout.write(`${counts === '' ? 'no jobs' : counts}${left > 0 ? `; ${left} more (--limit)` : ''}\n`)
  for (const line of waitingForModels(standings)) stdout.write(`${line}\n`)
  if (queue !== null)
    stdout.write(`queue: ${queue.visible + queue.delayed} waiting, ${queue.inFlight} in work\n`)
  if (deadLetters !== null) stdout.write(`dead letters: ${deadLetters.visible + deadLetters.inFlight}\n`)
}
