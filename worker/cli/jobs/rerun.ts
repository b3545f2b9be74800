import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { argumentsOfJob } from '../../client/submit/rerun-arguments.ts'
import { assertImageOfJob, writeJobImage } from '../../client/submit/rerun-image.ts'
import { findJobId } from '../../client/tracking/job-id-prefix.ts'
import { type JobStatus, readJobStatus } from '../../client/tracking/job-status.ts'
import type { CommandContext } from '../command-context.ts'
import { readDeployment } from '../deployment.ts'
import { assertImagesReadable } from '../input-images.ts'
import { runSubmit } from './submit.ts'
import { addRequestOptions, type SubmitOptions } from './submit-options.ts'

const NOTES = `
The image and all parameters are those of the job's record; options change some of them. The result is another job, with
the checkpoint that the deployment has now. Without a change it is the same job, and nothing is rendered; svd redrive
brings a failed job back as it is.

The image comes from the output bucket, where workers read it. If it is not there any more, give it with --image; it has
to have the same pixels. A context is not part of a job: give it again with --context.

  svd rerun 7c12e969 --seed 7 --wait --download videos
  svd rerun 7c12e969 --seeds 1..8
  svd rerun 7c12e969 --motion-bucket-id 60 --image photos/cup.jpg
`

export const addRerunOptions = (command: Command): Command => {
  command
    .summary('a clip again with other parameters')
    .description('Submits the image and the parameters of a job anew, with changes, and prints the new job.')
    .argument('<job>', 'its id, or the beginning of it')
    .optionsGroup('Files:')
    .option('--image <file>', "the job's image, if the output bucket does not have it any more")
    .option('--prefix <name>', 'folder in the bucket (date, time and some letters)')
  return addRequestOptions(command).addHelpText('after', NOTES)
}

export interface RerunOptions extends Omit<SubmitOptions, 'images'> {
  readonly image?: string
}

interface FoundJob {
  readonly status: JobStatus
  /** File with the job's image. */
  readonly file: string
}

const findJob = async (
  typed: string,
  { image, ...options }: RerunOptions,
  folder: string,
  { environment, signal, openServices }: CommandContext,
): Promise<FoundJob> => {
  const { outputBucket } = readDeployment(['inputBucket', 'outputBucket'], options, environment)
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const jobId = await findJobId(outputs, typed, signal)
  const status = await readJobStatus(outputs, jobId, signal)
  if (status === null) {
    throw new InvalidInputError(
      typed,
      `job ${jobId} has no record in s3://${outputBucket}; submit its image with svd submit`,
    )
  }
  if (image !== undefined) {
    await assertImagesReadable([image])
    await assertImageOfJob(image, status.image, folder)
    return { status, file: image }
  }
  const file = await writeJobImage(outputs, status.image, folder, signal)
  if (file !== null) return { status, file }
  throw new InvalidInputError(
    '--image',
    `is not given, and s3://${outputBucket}/${status.image.key} is not there any more; give the image that was ` +
      `uploaded as ${status.image.source_key}`,
  )
}

/** Runs `svd rerun`, and returns the exit code as `runSubmit` does. Throws InvalidInputError. */
export const runRerun = async (
  typed: string,
  options: RerunOptions,
  context: CommandContext,
): Promise<number> => {
  await using made = createDisposalStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-rerun-'))
  made.defer(() => rm(folder, { recursive: true }))
  const { status, file } = await findJob(typed, options, folder, context)
  const { image: _, ...submitting } = options
  const again = { job: argumentsOfJob(status.parameters), name: path.basename(file) }
  return await runSubmit([file], submitting, context, again)
}
