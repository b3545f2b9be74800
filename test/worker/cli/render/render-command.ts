import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { aPng } from '../../../fixtures/images.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { type CommandLineOptions, DEMO_CHECKPOINT, runCommandLine } from '../a-command-line.ts'

/** Images of these names and of the demo's own size in a folder of its own, each with other pixels. */
export const aFolderOfImages = async (...names: string[]) => {
  const folder = await temporaryDir()
  for (const [seed, name] of names.entries())
    await writeFile(path.join(folder, name), await aPng({ width: 192, height: 128, seed }))
  return { folder, at: (name: string): string => path.join(folder, name) }
}

export const renderCommand = (args: readonly string[], options?: CommandLineOptions) =>
  runCommandLine(['render', '--checkpoint', DEMO_CHECKPOINT, ...args], options)
