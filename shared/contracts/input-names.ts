/*
 * The one rule by which names of inputs are compared. Programs and file systems spell one name in several ways: macOS
 * decomposes `é` into two characters (NFD), keyboards compose it (NFC), and cameras write `.JPG`.
 *
 *   images, sidecars, manifests   Unicode form does not count, nor does the case of the ending; all else does
 *   sidecars of images/x.png        images/x.png.json, and images/x.json, which is one of images/x.jpg too
 *   names of S3 metadata            upper or lower case does not count, nor whether words are joined by - or by _
 */

import { MAX_KEY_BYTES } from './object-key.ts'
import { cutMiddle } from './shown-value.ts'

const ENDING = /\.[^./]+$/
const IMAGE_ENDINGS = ['.png', '.jpg', '.jpeg', '.webp']
const SIDECAR_ENDING = '.json'

const stemOf = (name: string): string => name.replace(ENDING, '')
const endingOf = (name: string): string => ENDING.exec(name)?.[0].toLowerCase() ?? ''

/** A name in the form in which two spellings of it are equal: `images/Cafe\u0301.PNG` → `images/Caf\u00e9.png`. */
export const comparableName = (name: string): string => {
  const composed = name.normalize('NFC')
  return `${stemOf(composed)}${endingOf(composed)}`
}

/** A text in each Unicode form that looks the same, its own first. */
export const formsOf = (text: string): readonly string[] => [
  ...new Set([text, text.normalize('NFC'), text.normalize('NFD')]),
]

/** Whether a name with other bytes may look the same. */
export const hasOtherForms = (name: string): boolean => formsOf(name).length > 1

/**
 * Those of `names` that are meant by `wanted`, of which more than one is a fault. The spelling of the ending decides
 * where there are several, because a reader sees it; the Unicode form does not, because nobody sees it.
 */
export const namesMeantBy = (wanted: string, names: readonly string[]): readonly string[] => {
  const same = names.filter((name) => comparableName(name) === comparableName(wanted))
  const alike = same.filter((name) => name.normalize('NFC') === wanted.normalize('NFC'))
  return alike.length > 0 ? alike : same
}

export const isImageName = (name: string): boolean => IMAGE_ENDINGS.includes(endingOf(name))

export const isSidecarName = (name: string): boolean => endingOf(name) === SIDECAR_ENDING

/** Whether `sidecar` says how `image` is rendered. Both are keys. */
export const isSidecarOf = (sidecar: string, image: string): boolean => {
  if (!isSidecarName(sidecar)) return false
  const named = stemOf(sidecar)
  const whole = comparableName(image)
  return named.normalize('NFC') === stemOf(whole) || comparableName(named) === whole
}

/** The kind of a manifest by its name, or `null` if it is not one. */
export const manifestKindOf = (name: string): 'json' | 'jsonl' | null => {
  const ending = endingOf(name)
  return ending === '.json' ? 'json' : ending === '.jsonl' ? 'jsonl' : null
}

/**
 * Prefixes under which a bucket lists every key that differs from `key` in its ending or Unicode form: one for a name in
 * ASCII, else at most nine, because a folder may have another form than the file in it. They end with the stem's
 * full stop, so `1.png` does not list `10.png`.
 */
export const listingPrefixes = (key: string): readonly string[] => {
  const start = key.lastIndexOf('/') + 1
  const stems = formsOf(stemOf(key.slice(start)))
  return formsOf(key.slice(0, start))
    .flatMap((folder) => stems.map((stem) => `${folder}${stem}.`))
    .filter((prefix) => new TextEncoder().encode(prefix).length <= MAX_KEY_BYTES)
}

/** Prefixes under which a bucket lists every image of a sidecar, and other keys. */
export const imagePrefixes = (sidecar: string): readonly string[] => {
  const named = stemOf(sidecar)
  return listingPrefixes(isImageName(named) ? named : sidecar)
}

/** The name of an item of S3 user metadata in the form in which two spellings of it are equal: `SVD_Fps` → `svd-fps`. */
export const metadataName = (name: string): string => name.normalize('NFC').toLowerCase().replaceAll('_', '-')

const shownForm = (name: string): string => {
  if (!hasOtherForms(name)) return ''
  if (name === name.normalize('NFC')) return ' (in Unicode form NFC)'
  return name === name.normalize('NFD') ? ' (in Unicode form NFD)' : ' (in mixed Unicode forms)'
}

/**
 * Names between which no rule decides, as a fault lists them. Those that look the same come with their form. They differ
 * in the form or the ending, so a long one is cut in the middle.
 */
export const shownNames = (names: readonly string[]): string =>
  names.map((name) => `'${cutMiddle(name)}'${shownForm(name)}`).join(' and ')
