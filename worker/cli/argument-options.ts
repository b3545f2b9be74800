import { type Command, Option } from 'commander'
import { readArgumentText } from '../../shared/contracts/argument-text.ts'
import { camelName } from '../../shared/contracts/parameter-fields.ts'
import type { RenderArgumentName } from '../../shared/contracts/render-arguments.ts'

interface ArgumentOption {
  readonly name: RenderArgumentName
  readonly value: string
  readonly help: string
}

const option = (name: RenderArgumentName, value: string, help: string): ArgumentOption => ({
  name,
  value,
  help,
})

const WIDTH = option('width', 'pixels', 'a multiple of 8 (1024)')
const HEIGHT = option('height', 'pixels', 'a multiple of 8 (576)')
const FRAMES = option('num_frames', 'n', "frames of the video (the UNet's own: 14 or 25)")
const STEPS = option('num_inference_steps', 'n', 'denoising steps (25)')
const SIZE = option(
  'size',
  'size',
  "auto (the model's pixels in the image's proportions), model, or WIDTHxHEIGHT",
)
const MAX_PIXELS = option('max_pixels', 'n', "the most pixels of --size auto (the model's own)")
const CHUNK = option('decode_chunk_size', 'n', 'frames decoded at once; fewer take less memory (all)')

/** The options that decide how large the work is. */
export const SIZE_OPTIONS: readonly ArgumentOption[] = [WIDTH, HEIGHT, FRAMES, STEPS, CHUNK]

/** The reference's call arguments as options; in brackets, its default. */
export const VIDEO_OPTIONS: readonly ArgumentOption[] = [
  SIZE,
  MAX_PIXELS,
  WIDTH,
  HEIGHT,
  option('fit', 'mode', 'image to video size: fill (stretch), crop or pad (fill; crop with --size auto)'),
  FRAMES,
  option('fps', 'n', 'frames per second, also told to the model (7)'),
  option('motion_bucket_id', 'n', 'how much moves, 0 to 255 (127)'),
  option('noise_aug_strength', 'x', 'noise on the image: more motion, less likeness (0.02)'),
  option('seed', 'n', 'same seed, same noise (0); random draws one and says which'),
  option('num_videos_per_prompt', 'n', 'videos per image, of different noise (1)'),
]

export const SAMPLING_OPTIONS: readonly ArgumentOption[] = [
  STEPS,
  option(
    'sigmas',
    'list',
    'noise levels of the steps, such as 700,54.5,4.2,0.4,0, or align-your-steps (10 good steps)',
  ),
  option('min_guidance_scale', 'x', 'guidance of the first frame (1)'),
  option('max_guidance_scale', 'x', 'guidance of the last frame; 1 turns it off: half the work (3)'),
  CHUNK,
  option('decode_overlap', 'n', 'frames that decoded chunks share, which hides their seams (0)'),
]

const kebab = (name: string): string => name.replaceAll('_', '-')

/** An argument as the user types it: `--num-frames`. */
export const spellOption = (name: string): string => `--${kebab(name)}`

export const addArgumentOptions = (command: Command, options: readonly ArgumentOption[]): Command => {
  for (const { name, value, help } of options) {
    command.addOption(new Option(`${spellOption(name)} <${value}>`, help))
  }
  return command
}

/** Commander's parsed options as a record of arguments in the reference's spelling, read but not checked. */
export const readArguments = (
  parsed: Readonly<Record<string, unknown>>,
  options: readonly ArgumentOption[],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    options.flatMap(({ name }) => {
      const text = parsed[camelName(name)]
      return typeof text === 'string' ? [[name, readArgumentText(name, text)]] : []
    }),
  )
