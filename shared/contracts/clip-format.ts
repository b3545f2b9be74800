import type { InputFault } from './input-fault.ts'

/*
 * The formats of a clip's files. `crf` is the constant rate factor of the codec: lower is better and larger, and a step
 * of one codec is not a step of another. GIF, ProRes and PNG have none.
 *
 *   mp4      H.264, 4:2:0                        webm     VP9, 4:2:0
 *   gif      256 colours, chosen for the clip    prores   ProRes 422 HQ, 10 bit
 *   png      a ZIP of the frames, lossless: 0000.png, 0001.png…
 */

/** In the order in which documents and records list them, whatever order they were asked for in. */
export const CLIP_FORMATS = ['mp4', 'webm', 'gif', 'prores', 'png'] as const
export type ClipFormat = (typeof CLIP_FORMATS)[number]

/** Formats of a clip whose request does not give any. */
export const DEFAULT_FORMATS: readonly ClipFormat[] = ['mp4']

interface FormatTraits {
  /** Ending of the file's name. */
  readonly ending: string
  readonly contentType: string
  /** `most`: the worst that the codec has; the best is 1. `usual`: where a request gives none. */
  readonly crf: { readonly codec: string; readonly most: number; readonly usual: number } | null
  /** `null`: the format has frames of any duration. */
  readonly mostFps: number | null
}

export const FORMAT_TRAITS: Readonly<Record<ClipFormat, FormatTraits>> = {
  mp4: {
    ending: '.mp4',
    contentType: 'video/mp4',
    crf: { codec: 'H.264', most: 51, usual: 18 },
    mostFps: null,
  },
  webm: {
    ending: '.webm',
    contentType: 'video/webm',
    crf: { codec: 'VP9', most: 63, usual: 24 },
    mostFps: null,
  },
  // A frame lasts whole hundredths of a second, and browsers show one of a single hundredth for ten.
  gif: { ending: '.gif', contentType: 'image/gif', crf: null, mostFps: 50 },
  prores: { ending: '.mov', contentType: 'video/quicktime', crf: null, mostFps: null },
  png: { ending: '.zip', contentType: 'application/zip', crf: null, mostFps: null },
}

/** Ending of a clip's poster, a PNG of its first frame. */
export const POSTER_ENDING = '.poster.png'

/** The largest value that some codec has. */
export const MAX_CRF = Math.max(...CLIP_FORMATS.map((format) => FORMAT_TRAITS[format].crf?.most ?? 0))

export const isClipFormat = (text: string): text is ClipFormat =>
  (CLIP_FORMATS as readonly string[]).includes(text)

/** Format whose files have this ending; `null`: none. */
export const formatOfEnding = (ending: string): ClipFormat | null =>
  CLIP_FORMATS.find((format) => FORMAT_TRAITS[format].ending === ending) ?? null

/** Each format once, in the order of `CLIP_FORMATS`. */
export const normalizeFormats = (formats: readonly ClipFormat[]): readonly ClipFormat[] =>
  CLIP_FORMATS.filter((format) => formats.includes(format))

export const hasCrf = (formats: readonly ClipFormat[]): boolean =>
  formats.some((format) => FORMAT_TRAITS[format].crf !== null)

/** `null` in place of a value that every format would have without it, so that both are the same request. */
export const normalizeCrf = (crf: number | undefined, formats: readonly ClipFormat[]): number | null => {
  if (crf === undefined) return null
  const coded = formats.flatMap((format) => FORMAT_TRAITS[format].crf ?? [])
  return coded.every(({ usual }) => usual === crf) ? null : crf
}

interface FileArguments {
  readonly format?: readonly ClipFormat[] | undefined
  readonly crf?: number | undefined
  readonly fps?: number | undefined
}

const crfMessage = (crf: number, formats: readonly ClipFormat[]): string | null => {
  if (!hasCrf(formats)) {
    return `got ${crf}, and ${formats.join(' and ')} ${formats.length === 1 ? 'has' : 'have'} no CRF; leave it out, or ask for mp4 or webm`
  }
  for (const format of formats) {
    const traits = FORMAT_TRAITS[format].crf
    if (traits !== null && crf > traits.most)
      return `got ${crf}; must be a whole number from 1 to ${traits.most} for ${format} (${traits.codec})`
  }
  return null
}

/** Faults of a clip's file arguments that contradict each other. */
export const formatFaults = (
  { format = DEFAULT_FORMATS, crf, fps }: FileArguments,
  spell: (name: string) => string,
): readonly InputFault[] => {
  const ofCrf = crf === undefined ? null : crfMessage(crf, format)
  const tooSlow = format.find((one) => fps !== undefined && fps > (FORMAT_TRAITS[one].mostFps ?? fps))
  return [
    ...(ofCrf === null ? [] : [{ field: spell('crf'), message: ofCrf }]),
    ...(tooSlow === undefined
      ? []
      : [
          {
            field: spell('fps'),
            message: `got ${fps}; a ${tooSlow} has at most ${FORMAT_TRAITS[tooSlow].mostFps} frames per second, so lower it or choose another format`,
          },
        ]),
  ]
}

/** Without a `crf` that belongs to formats which a higher layer replaces by others that have none. */
export const withoutReplacedCrf = <Arguments extends FileArguments>(
  lower: Arguments,
  higher: FileArguments,
): Arguments => {
  if (lower.crf === undefined || higher.format === undefined || hasCrf(higher.format)) return lower
  const left: { -readonly [Name in keyof Arguments]: Arguments[Name] } = { ...lower }
  delete left.crf
  return left
}
