import {
  CLIP_FORMATS,
  type ClipFormat,
  FORMAT_TRAITS,
  POSTER_ENDING,
} from '../../shared/contracts/clip-format.ts'

const ENDINGS = CLIP_FORMATS.map((format) => FORMAT_TRAITS[format].ending)

/** Path of a clip's file without the ending of its format. */
export const clipStem = (file: string): string => {
  const ending = ENDINGS.find((one) => file.endsWith(one))
  return ending === undefined ? file : file.slice(0, -ending.length)
}

/** The poster of `clip.mp4` is `clip.poster.png`: `svd render clip.png --output clip.mp4` keeps its photo. */
export const posterOf = (file: string): string => `${clipStem(file)}${POSTER_ENDING}`

/** Path of a clip's file in a format, beside its file in another one. */
export const clipFile = (file: string, format: ClipFormat): string =>
  clipStem(file) + FORMAT_TRAITS[format].ending
