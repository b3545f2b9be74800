import path from 'node:path'
import { comparableName } from '../../../shared/contracts/input-names.ts'

/** Characters that keys may not have (see keyFault in shared/contracts/object-key.ts): here it becomes `_`. */
const UNFIT = /[\p{Cc}\p{Cs}\\]|%2[ef]/giu
/** Most bytes of a file's name; a key has 1024 with its prefix. */
const MAX_NAME_BYTES = 200

const cut = (name: string): string => {
  const { name: stem, ext } = path.parse(name)
  const room = MAX_NAME_BYTES - Buffer.byteLength(ext)
  let short = stem
  while (Buffer.byteLength(short) > room) short = [...short].slice(0, -1).join('')
  return `${short}${ext}`
}

/** A file's own name, fit to be the end of a key. */
const keyName = (file: string): string => {
  const name = path.basename(file).normalize('NFC').replaceAll(UNFIT, '_')
  return cut(/^\.{0,2}$/.test(name) ? `_${name}` : name)
}

/** Names for files, each another: of two with one name the second gets a folder, `2/cup.png`. */
export const openNames = (): ((file: string) => string) => {
  const taken = new Map<string, number>()
  return (file) => {
    const name = keyName(file)
    const compared = comparableName(name)
    const count = (taken.get(compared) ?? 0) + 1
    taken.set(compared, count)
    return count === 1 ? name : `${count}/${name}`
  }
}
