import { type Command, Option } from 'commander'
import type { DeviceOptions } from '../../device/clip-device.ts'
import { MEMORY_MODES, type MemoryMode } from '../../renderer/render-job.ts'
import { addArgumentOptions, SAMPLING_OPTIONS, VIDEO_OPTIONS } from '../argument-options.ts'
import { addDeviceOptions } from '../device-options.ts'
import { addSeedsOption, type SeedOptions } from '../seed-options.ts'

const NOTES = `
Defaults are the reference's (in brackets); the checkpoint's svd.json may set others.
Beside each VIDEO.mp4 a poster VIDEO.poster.png is written, its first frame, and VIDEO.json, a record of how it was made
(see svd show); files of these names are replaced. After Ctrl-C, the same command with --skip-existing renders what is
left.
Of several formats, each video has a file in each: photo.mp4, photo.webm, photo.gif, photo.mov and photo.zip (png).
With --seeds, OUT.mp4 becomes OUT-seed1.mp4, OUT-seed2.mp4 and so on.
With --num-videos-per-prompt above 1, OUT.mp4 becomes OUT-0.mp4, OUT-1.mp4 and so on, and --frames-dir gets a
folder for each video; so it does for several images.

  svd render photo.jpg --checkpoint svd-xt --output photo.mp4
  svd render photo.jpg --checkpoint svd-xt --output photo.mp4 --format mp4,gif --loop
  svd render photo.jpg --checkpoint svd-xt --output photo.mp4 --seeds 1..8
  svd render photos --checkpoint svd-xt --output-dir videos --motion-bucket-id 60 --seed 7 --json
`

export const addRenderOptions = (command: Command): Command => {
  command
    .summary('turn images into videos')
    .description('Renders a clip from each image. The model is loaded once for all of them.')
    .argument('<image...>', 'PNG, JPEG, WebP, AVIF or TIFF files, folders of them, or patterns')
    .optionsGroup('Files:')
    .requiredOption('-c, --checkpoint <dir>', 'Stable Video Diffusion as a diffusers folder')
    .option(
      '--variant <name>',
      'weight files of that name, such as fp16 (those without one, else what is there)',
    )
    .option('-o, --output <file>', 'the video, for one image; ends in .mp4, or as the format does')
    .option('--output-dir <dir>', 'folder for the videos, each named like its image')
    .option('--frames-dir <dir>', 'also write each frame as a lossless PNG: 0000.png, 0001.png…')
    .option('--skip-existing', 'leave clips that are there and would be the same; error if they would not')
    .option('--overwrite', 'with --skip-existing: render again what would not be the same')
    .option('--strict', 'render nothing if one of the images cannot be used')
    .optionsGroup('Video:')
  addSeedsOption(addArgumentOptions(command, VIDEO_OPTIONS)).optionsGroup('Sampling:')
  addArgumentOptions(command, SAMPLING_OPTIONS).optionsGroup('Machine:')
  return addDeviceOptions(command)
    .addOption(
      new Option('--memory <mode>', 'how much of the model is held at once')
        .choices(MEMORY_MODES)
        .default('auto'),
    )
    .option('--threads <n>', 'threads of one network (one per physical core)')
    .optionsGroup('Output:')
    .option('--json', 'one JSON object on stdout: parameters, files with SHA-256, seconds, memory, versions')
    .option('--quiet', 'no progress and no warnings on stderr')
    .addHelpText('after', NOTES)
}

export interface RenderCommandOptions extends DeviceOptions, SeedOptions {
  readonly checkpoint: string
  readonly variant?: string
  readonly output?: string
  readonly outputDir?: string
  readonly framesDir?: string
  /** `false` with `--no-metadata`. */
  readonly metadata?: boolean
  readonly skipExisting?: true
  readonly overwrite?: true
  readonly strict?: true
  readonly memory: MemoryMode
  readonly threads?: string
  readonly json?: true
  readonly quiet?: true
}
