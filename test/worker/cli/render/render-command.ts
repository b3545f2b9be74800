import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { type CommandLineOptions, DEMO_CHECKPOINT, runCommandLine } from '../a-command-line.ts'

/** Images of these names in a folder of its own; nothing looks into them before they are prepared. */
export const aFolderOfImages = async (...names: string[]) => {
  const folder = await temporaryDir()
  for (const name of names) await writeFile(path.join(folder, name), 'image')
  return { folder, at: (name: string): string => path.join(folder, name) }
}

export const renderCommand = (args: readonly string[], options?: CommandLineOptions) =>
  runCommandLine(['render', '--checkpoint', DEMO_CHECKPOINT, ...args], options)
