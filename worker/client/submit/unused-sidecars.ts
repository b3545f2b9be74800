import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { isSidecarOf, manifestKindOf } from '../../../shared/contracts/input-names.ts'
import { readClipRecord } from '../../../shared/files/clip-record-file.ts'

/**
 * Finds files on this machine that would be sidecars of images if both were uploaded. `svd submit` takes arguments from
 * its options and sends none of them. Records of clips, which may lie beside images too, are left out.
 */
export const findUnusedSidecars = async (files: readonly string[]): Promise<readonly string[]> => {
  const images = files.filter((file) => manifestKindOf(file) === null)
  const named = new Set(files.map((file) => path.resolve(file)))
  const found = new Set<string>()
  for (const folder of new Set(images.map((image) => path.dirname(image)))) {
    const beside = images
      .filter((image) => path.dirname(image) === folder)
      .map((image) => path.basename(image))
    for (const entry of await readdir(folder).catch(() => [])) {
      const file = path.join(folder, entry)
      if (named.has(path.resolve(file)) || !beside.some((image) => isSidecarOf(entry, image))) continue
      if (typeof (await readClipRecord(file)) === 'string') found.add(file)
    }
  }
  return [...found]
}
