import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { makeFolders } from '../../../shared/files/make-folders.ts'
import { writeThenRename } from '../../../shared/files/write-then-rename.ts'

export interface SheetFile {
  /** Name of the file; only alphanumeric characters, `.` and `-`. */
  readonly name: string
  /** Media type, such as `video/mp4`. */
  readonly type: string
  readonly bytes: Uint8Array
}

/** Puts a file where the page finds it; returns the page's address for it. */
export type PlaceSheetFile = (file: SheetFile) => Promise<string>

/** Places files in the page itself, as data URIs. */
export const inPage: PlaceSheetFile = async ({ type, bytes }) =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}`

/** Places files in a folder beside the page. */
export const besidePage = (page: string): PlaceSheetFile => {
  const name = `${path.basename(page).replace(/\.html?$/i, '')}-files`
  const folder = path.join(path.dirname(page), name)
  return async (file) => {
    await makeFolders(folder)
    await writeThenRename(path.join(folder, file.name), (temporary) => writeFile(temporary, file.bytes))
    return `${encodeURIComponent(name)}/${file.name}`
  }
}
