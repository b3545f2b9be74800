import { type Command, Option } from 'commander'
import { readArgumentText } from '../../shared/contracts/argument-text.ts'
import { camelName } from '../../shared/contracts/parameter-fields.ts'
import type { RenderArgumentName } from '../../shared/contracts/render-arguments.ts'

interface ArgumentOption {
  readonly name: RenderArgumentName
  /** `null`: an option without a value, which is true where it is given. `no`: `--no-NAME`, which makes it false. */
  readonly value: string | null | { readonly no: true }
  readonly help: string
}

const option = (name: RenderArgumentName, value: ArgumentOption['value'], help: string): ArgumentOption => ({
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
  option(
    'format',
    'list',
    'mp4 (H.264), webm (VP9), gif, prores (422 HQ), png (ZIP); several: mp4,gif (mp4)',
  ),
  option('crf', 'n', 'quality of mp4 (18; 1 to 51) and webm (24; 1 to 63): lower is better and larger'),
  option('loop', null, 'play the frames there and back'),
  option(
    'metadata',
    { no: true },
    'neither parameters, model and version in the clip, nor NAME.json beside it',
  ),
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

const flagsOf = ({ name, value }: ArgumentOption): string => {
  if (value === null) return spellOption(name)
  return typeof value === 'string' ? `${spellOption(name)} <${value}>` : `--no-${kebab(name)}`
}

/** `--format mp4 --format gif` is `--format mp4,gif`. */
const joined = (text: string, before: unknown): string =>
  typeof before === 'string' ? `${before},${text}` : text

export const addArgumentOptions = (command: Command, options: readonly ArgumentOption[]): Command => {
  for (const option of options) {
    const added = new Option(flagsOf(option), option.help)
    // Only these may be repeated. Of the others the last holds.
    if (option.name === 'format') added.argParser(joined)
    command.addOption(added)
  }
  return command
}

/** Commander's parsed options as a record of arguments in the reference's spelling, read but not checked. */
export const readArguments = (
  parsed: Readonly<Record<string, unknown>>,
  options: readonly ArgumentOption[],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    options.flatMap(({ name, value }) => {
      const text = parsed[camelName(name)]
      // Commander sets what `--no-NAME` negates to true where it is not given.
      if (typeof text === 'boolean' && text === (value === null)) return [[name, text]]
      return typeof text === 'string' ? [[name, readArgumentText(name, text)]] : []
    }),
  )
