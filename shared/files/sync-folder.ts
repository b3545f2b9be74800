import { open } from 'node:fs/promises'

/** Makes a rename in this folder last: a power cut cannot undo it any more. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
