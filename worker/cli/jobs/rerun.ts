import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { readDeployment } from '../../aws/deployment.ts'
import { assertImagesReadable } from '../../client/convert/input-images.ts'
import type { Submission } from '../../client/submit/plan-submission.ts'
import { argumentsOfJob, changedArguments } from '../../client/submit/rerun-arguments.ts'
import { assertSameImage } from '../../client/submit/rerun-image.ts'
import type { CommandContext } from '../command-context.ts'
import { planUploads, readTypedArguments } from './plan-uploads.ts'
import { findRerunImage, findRerunSource, type RerunSource } from './rerun-source.ts'
import { runSubmission } from './run-submission.ts'
import { addRequestOptions, type SubmitOptions } from './submit-options.ts'

const NOTES = `
The image and all parameters are those of the job's record; options change some of them. The result is another job, with
the checkpoint that the deployment has now. Without a change it is the same job, and nothing is rendered; svd redrive
brings a failed job back as it is.

The image comes from the output bucket, where workers read it. If it is not there any more, give it with --image; it has
to have the same pixels. A context is not part of a job: give it again with --context.

Instead of a job, a file: a clip of svd render or svd download, or the NAME.json beside it. Its image may also lie in the
same folder, where it is found by its pixels. A file whose name is like an id goes before the job.

  svd rerun 7c12e969 --seed 7 --wait --download videos
  svd rerun 7c12e969 --seeds 1..8
  svd rerun 7c12e969 --motion-bucket-id 60 --image photos/cup.jpg
  svd rerun videos/cup.mp4 --seed 7 --image photos/cup.jpg
`

export const addRerunOptions = (command: Command): Command => {
  command
    .summary('a clip again with other parameters')
    .description('Submits the image and the parameters of a job anew, with changes, and prints the new job.')
    .argument('<job>', 'its id, or the beginning of it; or a clip, or its NAME.json')
    .optionsGroup('Files:')
    .option('--image <file>', "the job's image, if the output bucket does not have it any more")
    .option('--prefix <name>', 'folder in the bucket (default: date, time and random letters)')
  return addRequestOptions(command).addHelpText('after', NOTES)
}

export interface RerunOptions extends Omit<SubmitOptions, 'images'> {
  readonly image?: string
}

interface FoundClip {
  readonly source: RerunSource
  /** File with its image. */
  readonly file: string
}

const findClip = async (
  typed: string,
  { image, ...options }: RerunOptions,
  scratchDir: string,
  { environment, signal, openServices }: CommandContext,
): Promise<FoundClip> => {
  const { outputBucket } = readDeployment(['inputBucket', 'outputBucket'], options, environment)
  await using services = await openServices()
  const outputs = services.openBucket(outputBucket)
  const source = await findRerunSource(outputs, typed, { environment, signal })
  if (image === undefined) return { source, file: await findRerunImage(outputs, source, scratchDir, signal) }
  await assertImagesReadable([image])
  await assertSameImage(image, source.image, scratchDir)
  return { source, file: image }
}

/** The submission of one image, which messages call so. */
const withName = ({ images, requests }: Submission, name: string): Submission => ({
  images,
  requests: requests.map(({ before, upload, ...others }) => ({
    ...others,
    before: before.map((sidecar) => ({ ...sidecar, name })),
    upload: { ...upload, name },
  })),
})

/** Runs `svd rerun`, and returns the exit code as `runSubmission` does. Throws InvalidInputError. */
export const runRerun = async (
  typed: string,
  options: RerunOptions,
  context: CommandContext,
): Promise<number> => {
  await using made = createDisposalStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-rerun-'))
  made.defer(() => rm(folder, { recursive: true }))
  const { source, file } = await findClip(typed, options, folder, context)
  const job = argumentsOfJob(source.parameters)
  const { image: _, ...submitting } = options
  return await runSubmission(
    async (deps) => {
      const { given: changes, seeds, note } = readTypedArguments(submitting)
      const given = changedArguments(job, changes, seeds)
      const submission = await planUploads([file], { given, seeds, note }, submitting, deps)
      return withName(submission, path.basename(file))
    },
    submitting,
    context,
  )
}
