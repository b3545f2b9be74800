import { readFile } from 'node:fs/promises'
import type { CommandWords } from './document-commands.ts'

interface Options {
  readonly [name: string]: { readonly alias?: string | readonly string[] }
}
interface CdkRegistry {
  readonly globalOptions: Options
  readonly commands: Readonly<
    Record<string, { readonly options?: Options; readonly aliases?: readonly string[] }>
  >
}

/** The table from which the installed `cdk` command reads its arguments. */
const REGISTRY = new URL('../../node_modules/aws-cdk/lib/cli/cli-type-registry.json', import.meta.url)

const spelledOptions = (options: Options): readonly string[] =>
  Object.entries(options).flatMap(([name, { alias = [] }]) => [
    ...[`--${name}`, `--no-${name}`],
    ...[alias].flat().map((letter) => `-${letter}`),
  ])

/** Finds the parts of a command, given without `cdk`, that the installed CDK does not know. */
export const readCdkFaults = async ([name = '', ...args]: CommandWords): Promise<readonly string[]> => {
  const { globalOptions, commands } = JSON.parse(await readFile(REGISTRY, 'utf8')) as CdkRegistry
  const command = commands[name]
  if (command === undefined) return [`there is no command ${name}`]
  const known = spelledOptions({ ...globalOptions, ...command.options })
  return args
    .filter((word) => word.startsWith('-'))
    .map((word) => word.replace(/=.*$/, ''))
    .filter((option) => !known.includes(option))
    .map((option) => `${name} has no option ${option}`)
}
