import { parseRenderArguments, type RenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { assertImagesReadable } from '../../client/convert/input-images.ts'
import type { ImageChecks } from '../../client/submit/image-upload.ts'
import { planSubmission, type Submission } from '../../client/submit/plan-submission.ts'
import { readArguments, SAMPLING_OPTIONS, spellOption, VIDEO_OPTIONS } from '../argument-options.ts'
import type { CommandContext } from '../command-context.ts'
import { chooseSeeds } from '../seed-options.ts'
import { readContextOption } from './context-option.ts'
import type { SubmitOptions } from './submit-options.ts'

/** Arguments of the images that are submitted without a manifest. */
export interface TypedArguments {
  readonly given: RenderArguments
  /** Seeds of the clips of each image; `null`: `--seeds` is not given. */
  readonly seeds: readonly bigint[] | null
  /** A line that names the drawn seed; `null`: none was drawn. */
  readonly note: string | null
}

/** Reads the options of video and sampling. Throws InvalidInputError. */
export const readTypedArguments = (typed: SubmitOptions): TypedArguments => {
  const { options, seeds, note } = chooseSeeds(typed)
  const values = readArguments({ ...options }, [...VIDEO_OPTIONS, ...SAMPLING_OPTIONS])
  return { given: parseRenderArguments(values, spellOption), seeds, note }
}

export interface PlanDeps extends Pick<CommandContext, 'stderr'> {
  /** Folder in the input bucket, under `images/` and `manifests/`. */
  readonly prefix: string
  /** Folder for files that are made for the upload; it has to stay until all is uploaded. */
  readonly scratchDir: string
}

/** Checks the files and decides what is uploaded. Prints what is changed in them. Throws InvalidInputError. */
export const planUploads = async (
  files: readonly string[],
  { given, seeds, note }: TypedArguments,
  options: SubmitOptions,
  { prefix, scratchDir, stderr }: PlanDeps,
): Promise<Submission> => {
  const quiet = options.quiet === true
  await assertImagesReadable(files)
  const context = options.context === undefined ? null : await readContextOption(options.context)
  const onScaled: ImageChecks['onScaled'] = (file, from, to) => {
    stderr.write(
      `${file}: ${from.width}x${from.height} pixels are more than ingest takes; ` +
        `uploads it scaled down to ${to.width}x${to.height}\n`,
    )
  }
  const onConverted: ImageChecks['onConverted'] = (file, from) => {
    if (!quiet) stderr.write(`${file}: ingest does not read ${from}; uploads it converted to PNG\n`)
  }
  const request = { files, given, context, seeds, prefix, imagesDir: options.images ?? null }
  const submission = await planSubmission(request, { scratchDir, onScaled, onConverted })
  if (note !== null && !quiet) stderr.write(note)
  return submission
}
