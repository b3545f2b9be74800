import { expect, test } from 'vitest'
import { COMMAND_NAMES_ELSEWHERE } from '../../../worker/cli/meant-command.ts'
import { OPTION_NAMES_ELSEWHERE } from '../../../worker/cli/meant-option.ts'
import { runCommandLine } from './a-command-line.ts'

const helpOf = async (command: readonly string[]): Promise<string> =>
  (await runCommandLine([...command, '--help'])).stdout

/** Names of the commands below `Commands:`. */
const commandsIn = (help: string): readonly string[] =>
  [...(help.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z]+)(?= )/gm)].flatMap(
    ([, name]) => name ?? [],
  )

/** Every command line that has a help, such as `models push`, with that help. */
const readHelps = async (): Promise<ReadonlyMap<string, string>> => {
  const helps = new Map([['', await helpOf([])]])
  for (const name of commandsIn(helps.get('') ?? '').filter((one) => one !== 'help' && one !== 'svd')) {
    const help = await helpOf([name])
    helps.set(name, help)
    for (const child of commandsIn(help).filter((one) => one !== 'help' && one !== 'svd')) {
      helps.set(`${name} ${child}`, await helpOf([name, child]))
    }
  }
  return helps
}

test('every suggested option and argument belongs to a command', async () => {
  const helps = [...(await readHelps()).values()]
  const inOneHelp = (meant: string): boolean =>
    helps.some((help) => meant.split(' and ').every((one) => new RegExp(`[ ,]\\${one}(?![a-z-])`).test(help)))
  const unknown = OPTION_NAMES_ELSEWHERE.map(([meant]) => meant).filter((meant) => !inOneHelp(meant))
  expect(unknown).toEqual([])
})

test('every suggested command exists', async () => {
  const helps = await readHelps()
  const paths = [...helps.keys()]
  const isThere = (meant: string): boolean =>
    meant.startsWith('--')
      ? (helps.get('') ?? '').includes(meant)
      : paths.some((path) => path === meant || path.endsWith(` ${meant}`))
  expect(COMMAND_NAMES_ELSEWHERE.flatMap(([meant]) => meant).filter((meant) => !isThere(meant))).toEqual([])
})
