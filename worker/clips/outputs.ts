import path from 'node:path'
import { type ClipFormat, FORMAT_TRAITS, formatOfEnding } from '../../shared/contracts/clip-format.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { MAX_NAME_BYTES } from '../../shared/files/max-name-bytes.ts'
import { sameFileKey } from '../../shared/files/same-file-key.ts'
import { clipFile, clipStem, posterOf } from '../video/clip-files.ts'

/*
 *                       one video per image      N videos per image (k from 0)
 *   --output O.mp4      O.mp4                    O-k.mp4
 *   --output-dir D      D/<image>.mp4            D/<image>-k.mp4
 *   --frames-dir F      F/0000.png…              F/<video>/0000.png…      (also for several images)
 *
 * <image> and <video> are file names without their endings. With --seeds, -seedN follows O and <image>. Beside each video
 * lies its poster. Another format has its own ending in place of .mp4. Of several, each video has a file in each.
 */

export interface OutputRequest {
  readonly images: readonly string[]
  /** Each image has a clip of each of these seeds; absent or `null`: one clip, of the seed that its arguments give. */
  readonly seeds?: readonly bigint[] | null
  readonly output: string | undefined
  readonly outputDir: string | undefined
  readonly framesDir: string | undefined
  readonly videosPerImage: number
  readonly formats: readonly ClipFormat[]
}

/** Output paths of one image's videos and frames. All paths but the image's are absolute. */
export interface ImageOutputs {
  readonly image: string
  /** One of the seeds; `null` if there are none. */
  readonly seed: bigint | null
  /** Path of each video in the first of its formats. */
  readonly outputs: readonly string[]
  readonly formats: readonly ClipFormat[]
  readonly framesDirs: readonly string[] | null
}

/** Fault of an `output` that does not name a video's file in one of the formats; `null` if it does. */
export const videoNameFault = (output: string, formats: readonly ClipFormat[]): string | null => {
  const endings = formats.map((format) => FORMAT_TRAITS[format].ending)
  if (endings.some((ending) => output.endsWith(ending) && path.basename(output) !== ending)) return null
  const other = formatOfEnding(path.extname(output))
  const fix = other === null || formats.includes(other) ? '' : `, or give --format ${other}`
  return `got '${output}'; must be a file name that ends in ${endings.join(' or ')}${fix}`
}

/** Files of a video in all formats, the first of which is `output`. */
export const filesOfVideo = (output: string, formats: readonly ClipFormat[]): readonly string[] =>
  formats.map((format) => clipFile(output, format))

const fileStem = (file: string): string => path.parse(file).name

const singleStem = (output: string, { images, formats }: OutputRequest): string => {
  if (images.length > 1) {
    throw new InvalidInputError(
      '--output',
      `got '${output}' for ${images.length} images; give --output-dir DIR, and each video is named like its image`,
    )
  }
  const fault = videoNameFault(output, formats)
  if (fault !== null) throw new InvalidInputError('--output', `${fault} (for a folder, give --output-dir)`)
  return path.resolve(clipStem(output))
}

const stemsOf = (request: OutputRequest): readonly string[] => {
  const { images, output, outputDir } = request
  if (output !== undefined && outputDir !== undefined) {
    throw new InvalidInputError('--output-dir', 'cannot go with --output; give one of them')
  }
  if (output !== undefined) return [singleStem(output, request)]
  if (outputDir !== undefined) return images.map((image) => path.resolve(outputDir, fileStem(image)))
  throw new InvalidInputError('--output', 'is missing; give --output VIDEO.mp4, or --output-dir DIR')
}

const assertDistinct = (plan: readonly ImageOutputs[]): void => {
  const taken = new Map<string, { readonly image: string; readonly video: string }>()
  for (const { image, outputs } of plan) {
    for (const video of outputs) {
      const name = path.basename(video)
      const key = path.join(path.dirname(video), sameFileKey(name))
      const before = taken.get(key)
      if (before !== undefined) {
        const other = path.basename(before.video)
        const become =
          other === name
            ? `would both become ${name}`
            : `would become ${other} and ${name}, which are one file where case or Unicode form does not count, as on macOS`
        throw new InvalidInputError(
          '--output-dir',
          `${before.image} and ${image} ${become}; rename one, or render it into another folder`,
        )
      }
      taken.set(key, { image, video })
    }
  }
}

/**
 * Checks the length of the posters' names. They are the longest names that are made of a video's, because hidden
 * folders have names of their own.
 */
const assertNamesFit = (plan: readonly ImageOutputs[], option: string): void => {
  for (const video of plan.flatMap(({ outputs }) => outputs)) {
    const poster = path.basename(posterOf(video))
    const sizeBytes = Buffer.byteLength(poster)
    if (sizeBytes <= MAX_NAME_BYTES) continue
    throw new InvalidInputError(
      option,
      `${path.basename(video)} is too long a name: ${sizeBytes - MAX_NAME_BYTES} of its bytes have to go, for its ` +
        `poster's may have ${MAX_NAME_BYTES}; ` +
        (option === '--output'
          ? 'choose a shorter one'
          : 'rename the image, or name the video with --output'),
    )
  }
}

/** Decides every file name before anything runs. Throws InvalidInputError. */
export const planOutputs = (request: OutputRequest): readonly ImageOutputs[] => {
  const { images, framesDir, videosPerImage, formats, seeds: given } = request
  const { ending } = FORMAT_TRAITS[formats[0] ?? 'mp4']
  const seeds = given ?? [null]
  const stems = stemsOf(request)
  const videoStems = (stem: string): readonly string[] =>
    videosPerImage === 1 ? [stem] : Array.from({ length: videosPerImage }, (_, k) => `${stem}-${k}`)
  const single = images.length * seeds.length * videosPerImage === 1
  const framesOf = (stem: string): string =>
    single ? path.resolve(framesDir ?? '') : path.resolve(framesDir ?? '', path.basename(stem))
  const plan = images.flatMap((image, index) =>
    seeds.map((seed): ImageOutputs => {
      const own = videoStems(`${stems[index] ?? ''}${seed === null ? '' : `-seed${seed}`}`)
      return {
        image,
        seed,
        outputs: own.map((stem) => `${stem}${ending}`),
        formats,
        framesDirs: framesDir === undefined ? null : own.map(framesOf),
      }
    }),
  )
  assertDistinct(plan)
  assertNamesFit(plan, request.output === undefined ? '--output-dir' : '--output')
  return plan
}
