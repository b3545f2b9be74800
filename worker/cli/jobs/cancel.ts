import type { Command } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import { type DeploymentOptions, readDeployment } from '../../aws/deployment.ts'
import { type CancelOutcome, cancelJob } from '../../client/tracking/cancel-job.ts'
import { findJobIds } from '../../client/tracking/job-id-prefix.ts'
import { reportOfManifest } from '../../client/tracking/uploaded-object.ts'
import type { CommandContext } from '../command-context.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { notesTo } from './selection.ts'
import { imageText, shortId } from './table.ts'

const NOTES = `
Leaves a mark. A worker that has the job sees it within seconds and stops, by force where it must. A job that waits is
not begun. The job then has a result that says cancelled; svd redrive --job brings it back. A job that is done stays as
it is.
`

export const addCancelOptions = (command: Command): Command =>
  addDeploymentOptions(
    command
      .summary('stop jobs')
      .description('Asks the workers to stop jobs, whether they wait or are being rendered.')
      .argument('[job...]', 'job ids or their beginnings')
      .option('--manifest <key>', 'all jobs of this manifest, by its key or name'),
    ['outputBucket'],
  )
    .optionsGroup('Output:')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)

export interface CancelOptions extends DeploymentOptions {
  readonly manifest?: string
  readonly json?: true
}

const cancelAsJson = ({ jobId, outcome, status }: CancelOutcome) => ({
  job_id: jobId,
  outcome,
  /** `null`: it has no record yet. */
  state: status?.state ?? null,
  image: status?.image.source_key ?? null,
})

const cancelLine = ({ jobId, outcome, status }: CancelOutcome): string => {
  const name = status === null ? 'no record yet' : safeText(imageText(status.image.source_key))
  const said = outcome === 'requested' ? 'asked to stop' : `has already ${status?.state}`
  const was = status?.state === 'cancelled' ? 'was already cancelled' : said
  return `${shortId(jobId)}  ${name}  ${was}\n`
}

/** Jobs at once, each of which is three requests one after the other. */
const LANES = 16

/** Throws InvalidInputError. */
export const runCancel = async (
  named: readonly string[],
  options: CancelOptions,
  { environment, stdout, stderr, signal, openServices }: CommandContext,
): Promise<void> => {
  const { outputBucket } = readDeployment(['outputBucket'], options, environment)
  if (named.length > 0 === (options.manifest !== undefined)) {
    throw new InvalidInputError('job', 'give ids of jobs, or --manifest')
  }
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const finding = { note: notesTo(stderr), signal }
  const jobIds =
    options.manifest === undefined
      ? await findJobIds(outputs, named, signal)
      : (await reportOfManifest(outputs, options.manifest, finding)).jobs.map(({ job_id }) => job_id)
  const outcomes = await inLanes([...new Set(jobIds)], LANES, async (jobId) => {
    const outcome = await cancelJob(outputs, jobId, services.clock.now(), signal)
    if (!options.json) stdout.write(cancelLine(outcome))
    return outcome
  })
  if (options.json) stdout.write(`${JSON.stringify({ jobs: outcomes.map(cancelAsJson) }, null, 2)}\n`)
}
