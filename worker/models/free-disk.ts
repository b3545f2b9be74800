import { statfs } from 'node:fs/promises'
import path from 'node:path'

/** Free bytes of the disk that holds the folder, or would hold it. */
export const freeDiskBytes = async (folder: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    const parent = path.dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error
    return await freeDiskBytes(parent)
  }
}
