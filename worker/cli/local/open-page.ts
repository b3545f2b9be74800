import type { CommandContext } from '../command-context.ts'
import { missingDesktop } from '../desktop.ts'

type Opening = Pick<CommandContext, 'environment' | 'stdout' | 'desktop'>

/**
 * Opens a page in the browser if the user sits at a desktop. Returns the sentence to print. A page that stays closed is
 * not a failure, because its path is printed too.
 */
export const openPage = async (file: string, { environment, stdout, desktop }: Opening): Promise<string> => {
  const { platform } = desktop
  const missing = missingDesktop({ environment, platform, isTerminal: stdout.isTTY === true })
  if (missing !== null) return `The page was not opened, because ${missing}.`
  try {
    await desktop.open(file)
    return 'The page opens in the browser (--no-open leaves it closed).'
  } catch (error) {
    return `The page was not opened: ${error instanceof Error ? error.message : String(error)}`
  }
}
