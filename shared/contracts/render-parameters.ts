import type { PixelSize } from './auto-size.ts'
import { DEFAULT_FORMATS, formatFaults, normalizeCrf, normalizeFormats } from './clip-format.ts'
import { chooseSize, givenSides } from './clip-size.ts'
import type { FitMode } from './fit-mode.ts'
import { InvalidInputError } from './invalid-input.ts'
import {
  type CamelValues,
  camelName,
  type DEFAULTS_FIELDS,
  defaultsOf,
  type FILE_FIELDS,
  type JOB_FIELDS,
} from './parameter-fields.ts'
import type { RenderArguments } from './render-arguments.ts'
import { stepsOfSigmas } from './schedule-steps.ts'

/** The call arguments of the reference pipeline where a job does not say another. */
export type RenderDefaults = CamelValues<typeof DEFAULTS_FIELDS>

/** Parameters of a clip's files. */
export type FileParameters = CamelValues<typeof FILE_FIELDS>

/** Everything that decides the numbers of a clip and its files, resolved: nothing is left to defaults. */
export type RenderParameters = RenderDefaults &
  CamelValues<typeof JOB_FIELDS> &
  FileParameters & { readonly seed: bigint }

export const DEFAULT_FILE_PARAMETERS: FileParameters = {
  format: DEFAULT_FORMATS,
  crf: null,
  loop: false,
  metadata: true,
}

/** Fault in the combination of the two guidance scales; `null` if there is none. */
export const guidanceFault = ({
  minGuidanceScale,
  maxGuidanceScale,
}: Pick<RenderDefaults, 'minGuidanceScale' | 'maxGuidanceScale'>): string | null =>
  usesGuidance({ maxGuidanceScale }) || minGuidanceScale <= 1
    ? null
    : `a max_guidance_scale of ${maxGuidanceScale} turns guidance off, and min_guidance_scale is ${minGuidanceScale}; ` +
      'give both above 1, or both 1'

/** Seed of a job whose request gives none. */
export const DEFAULT_SEED = 0n

export interface ResolveOptions {
  readonly vaeScaleFactor: number
  /** Image of the clip, which a size of `auto` needs. */
  readonly image?: PixelSize
  /** A name as the user finds it. */
  readonly spell?: (name: string) => string
}

const sizeFor = (
  given: RenderArguments,
  model: RenderDefaults,
  { vaeScaleFactor, image }: ResolveOptions,
): PixelSize & { readonly fit: FitMode } => {
  if (given.size !== 'auto') return { ...givenSides(given, model), fit: given.fit ?? 'fill' }
  if (image === undefined) throw new Error('a size of auto is resolved without an image')
  return chooseSize(image, given, { model, vaeScaleFactor })
}

/** Arguments given by the user over the checkpoint's defaults, checked against each other and the VAE's block size. */
export const resolveParameters = (
  given: RenderArguments,
  defaults: RenderDefaults,
  options: ResolveOptions,
): RenderParameters => {
  const { vaeScaleFactor, spell = (name) => name } = options
  const { width, height, fit } = sizeFor(given, defaults, options)
  const format = normalizeFormats(given.format ?? DEFAULT_FORMATS)
  const parameters: RenderParameters = {
    ...defaultsOf((name) => given[name] ?? defaults[camelName(name)]),
    width,
    height,
    sigmas: given.sigmas ?? (given.num_inference_steps === undefined ? defaults.sigmas : null),
    seed: given.seed ?? DEFAULT_SEED,
    fit,
    decodeOverlap: given.decode_overlap ?? 0,
    format,
    crf: normalizeCrf(given.crf, format),
    loop: given.loop ?? false,
    metadata: given.metadata ?? true,
  }
  for (const side of ['width', 'height'] as const) {
    if (parameters[side] % vaeScaleFactor !== 0) {
      throw new InvalidInputError(
        spell(given[side] === undefined && given.size !== undefined ? 'size' : side),
        `got ${parameters[side]}; this checkpoint's VAE works on blocks of ${vaeScaleFactor} pixels: ` +
          `take ${Math.ceil(parameters[side] / vaeScaleFactor) * vaeScaleFactor}`,
      )
    }
  }
  const [fileFault] = formatFaults({ format, crf: given.crf, fps: parameters.fps }, spell)
  if (fileFault !== undefined) throw new InvalidInputError(fileFault.field, fileFault.message)
  const fault = guidanceFault(parameters)
  if (fault !== null) {
    // Defaults agree with each other, so that one of the two was given.
    const blamed = given.max_guidance_scale === undefined ? 'min_guidance_scale' : 'max_guidance_scale'
    throw new InvalidInputError(spell(blamed), fault)
  }
  const chunk = decodeChunkOf(parameters)
  if (parameters.decodeOverlap > 0 && parameters.decodeOverlap >= chunk) {
    throw new InvalidInputError(
      spell('decode_overlap'),
      `got ${parameters.decodeOverlap}; must be smaller than decode_chunk_size, which is ${chunk}`,
    )
  }
  return parameters
}

/** Frames decoded at once: all of a clip's unless the job says fewer. */
export const decodeChunkOf = ({ decodeChunkSize, numFrames }: RenderParameters): number =>
  decodeChunkSize ?? numFrames

/** Guidance is on when the largest scale is above 1: the reference decides it by that one alone. */
export const usesGuidance = ({ maxGuidanceScale }: Pick<RenderDefaults, 'maxGuidanceScale'>): boolean =>
  maxGuidanceScale > 1

/** Denoising steps of a clip. */
export const stepsOf = ({
  sigmas,
  numInferenceSteps,
}: Pick<RenderDefaults, 'sigmas' | 'numInferenceSteps'>): number =>
  sigmas === null ? numInferenceSteps : stepsOfSigmas(sigmas)
