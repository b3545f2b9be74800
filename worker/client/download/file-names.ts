import { FILE_ENDINGS } from '../../../shared/contracts/clip-record.ts'
import { cutText } from '../../../shared/contracts/shown-value.ts'
import { MAX_NAME_BYTES } from '../../../shared/files/max-name-bytes.ts'

/** Most bytes of an ending that a file adds to its name. */
const ENDING_BYTES = Math.max(...FILE_ENDINGS.map((ending) => Buffer.byteLength(ending)))
/** Most bytes of a name without its ending. */
export const MAX_STEM_BYTES = MAX_NAME_BYTES - ENDING_BYTES

/**
 * Characters that a name may not have on some system. Microsoft's `Naming Files, Paths, and Namespaces`: "Use any character
 * in the current code page for a name … except for the following", and lists these and the control characters.
 */
const UNFIT = /[\p{Cc}\p{Cs}<>:"/\\|?*]/u
const ALL_UNFIT = new RegExp(UNFIT, 'gu')
/** The same document: "Do not use the following reserved names", also "followed immediately by an extension". */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i

/** Says why no file can be called `stem` with an ending; `null` if one can on Linux, macOS and Windows. */
export const stemFault = (stem: string): string | null => {
  const unfit = UNFIT.exec(stem)?.[0]
  const sizeBytes = Buffer.byteLength(stem)
  if (unfit === '/' || unfit === '\\') return `has a '${unfit}', which separates folders`
  if (unfit !== undefined) return `has the character '${cutText(unfit)}', which Windows refuses`
  if (stem.includes('..')) return "has '..', which may name the folder above"
  if (/^[. ]*$/.test(stem)) return 'is empty'
  if (stem.startsWith(' ') || stem.endsWith(' ')) return 'begins or ends with a space'
  const reserved = RESERVED.exec(stem)?.[1]
  if (reserved !== undefined) return `is ${reserved.toUpperCase()}, which Windows keeps for a device`
  if (sizeBytes > MAX_STEM_BYTES)
    return `has ${sizeBytes} bytes; at most ${MAX_STEM_BYTES} fit, because a name may have ${MAX_NAME_BYTES} with its ending`
  return null
}

/** The beginning of a text that has at most so many bytes as UTF-8. */
export const cutToBytes = (text: string, maxBytes: number): string => {
  let kept = ''
  let sizeBytes = 0
  for (const character of text) {
    sizeBytes += Buffer.byteLength(character)
    if (sizeBytes > maxBytes) break
    kept += character
  }
  return kept
}

/** A text in which `_` replaces what names may not have. It may still be too long. */
export const fitForName = (text: string): string => {
  const fit = text.normalize('NFC').replaceAll(ALL_UNFIT, '_').replaceAll('..', '__').replace(/^ | $/g, '_')
  return RESERVED.test(fit) ? `_${fit}` : fit
}
