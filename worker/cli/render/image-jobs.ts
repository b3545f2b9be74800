import path from 'node:path'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts'
import { assertImagesReadable } from '../../client/convert/input-images.ts'
import { type ClipParameters, clipParameters } from '../../clips/clip-parameters.ts'
import type { ImageJob } from '../../clips/image-job.ts'
import { checkOutputFolders } from '../../clips/output-folders.ts'
import { planOutputs } from '../../clips/outputs.ts'
import type { RenderSettings } from '../../renderer/render-job.ts'
import { readArguments, SAMPLING_OPTIONS, spellOption, VIDEO_OPTIONS } from '../argument-options.ts'
import type { ChosenSeeds } from '../seed-options.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { RenderCommandOptions } from './options.ts'

const MAX_THREADS = 1024

const parseThreads = (text: string | undefined): number =>
  text === undefined ? 0 : readWholeNumber('--threads', text, MAX_THREADS)

/** Which of the two the user gave. */
export const outputOptionOf = ({
  output,
}: Pick<RenderCommandOptions, 'output'>): '--output' | '--output-dir' =>
  output === undefined ? '--output-dir' : '--output'

/** A clip as a user knows it: by its image, and by its seed where `--seeds` gives several. */
export const clipName = ({ image, seed }: Pick<ImageJob, 'image' | 'seed'>): string =>
  seed === null ? image : `${image} (seed ${seed})`

/**
 * Options to jobs, one per image and seed. Everything that can be wrong with them is found here, and nothing is written: throws
 * InvalidInputError.
 */
export const prepareJobs = async (
  images: readonly string[],
  options: RenderCommandOptions,
  {
    device,
    cacheDir,
    seeds,
  }: Pick<RenderSettings, 'device' | 'cacheDir'> & Pick<ChosenSeeds<unknown>, 'seeds'>,
): Promise<readonly ImageJob[]> => {
  const typed = readArguments({ ...options }, [...VIDEO_OPTIONS, ...SAMPLING_OPTIONS])
  const given = parseRenderArguments(typed, spellOption)
  const threads = parseThreads(options.threads)
  await assertImagesReadable(images)
  const { variant, output, outputDir, framesDir, memory } = options
  const checkpoint = await openCheckpoint(options.checkpoint, variant === undefined ? {} : { variant })
  const clips = new Map<string, ClipParameters>()
  for (const image of images) clips.set(image, await clipParameters(image, given, checkpoint, spellOption))
  const { numFrames, numVideosPerPrompt: videosPerImage, format: formats } = clips.get(images[0]!)!.parameters
  const plan = planOutputs({ images, seeds, output, outputDir, framesDir, videosPerImage, formats })
  await checkOutputFolders(plan, { option: outputOptionOf(options), frameCount: numFrames })
  return plan.map((planned) => {
    const { parameters, warnings, convertedFrom } = clips.get(planned.image)!
    return {
      ...planned,
      warnings,
      convertedFrom,
      settings: {
        device,
        checkpointDir: path.resolve(options.checkpoint),
        variant: variant ?? null,
        parameters: planned.seed === null ? parameters : { ...parameters, seed: planned.seed },
        memory,
        keepWarm: plan.length > 1,
        threads,
        cacheDir,
      },
    }
  })
}
