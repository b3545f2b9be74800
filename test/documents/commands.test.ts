import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { CONTEXT_PREFIX, readConfig } from '../../infra/config/read-config.ts'
import { runCommandLine } from '../worker/cli/a-command-line.ts'
import { findBotocore, readAwsFaults } from './aws-commands.ts'
import { readCdkFaults } from './cdk-commands.ts'
import { type CommandWords, documentCommands, splitCommands } from './document-commands.ts'

const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'infra/README.md', 'infra/FIRST-DEPLOYMENT.md', 'examples/README.md'],
  'worker/package/README.md',
  ...(await readdir(new URL('../../docs', import.meta.url))).map((name) => `docs/${name}`),
]

const readText = (file: string): Promise<string> =>
  readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

const commandsOf = async (file: string): Promise<readonly CommandWords[]> =>
  documentCommands(await readText(file))

/** Returns the commands of one program without its name, also those of `npx svd` and `npx --package FILE svd`. */
const argumentsOf = (commands: readonly CommandWords[], program: 'svd' | 'cdk' | 'aws' | 'npm') =>
  commands.flatMap((words) => {
    const name = words.indexOf(program)
    const isFirst = name === 0 || (words[0] === 'npx' && words.slice(1, name).every(isNpxOption))
    return name >= 0 && isFirst ? [words.slice(name + 1)] : []
  })
const isNpxOption = (word: string, index: number, all: readonly string[]): boolean =>
  word === '--package' || all[index - 1] === '--package'

/** An option that no command has. The command line reports it only if it knows all that comes before. */
const UNKNOWN = '--no-such-option'

/** Returns `null` if the command line has the command, its options and their values. */
const svdFault = async (args: CommandWords): Promise<string | null> => {
  // The unknown option comes last, because the command line reports the first fault.
  const { stderr } = await runCommandLine([...args, UNKNOWN])
  return stderr.startsWith(`error: unknown option '${UNKNOWN}'`) ? null : stderr
}

/** Placeholders that a document leaves to its reader, in capitals. */
const PLACEHOLDERS: Readonly<Record<string, string>> = { ACCOUNT: '123456789012', REGION: 'us-east-1' }

/** Values after `-c` and `--context`, with placeholders filled in. */
const contextOf = (args: CommandWords): Readonly<Record<string, string>> =>
  Object.fromEntries(
    args.flatMap((word, i) => {
      if (!['-c', '--context'].includes(args[i - 1] ?? '')) return []
      const [key = '', ...value] = word.split('=')
      return [[key, value.join('=').replaceAll(/[A-Z]+/g, (name) => PLACEHOLDERS[name] ?? name)]]
    }),
  )

describe.each(DOCUMENTS)('%s', (file) => {
  test('names only svd commands and options that the command line has', async () => {
    const faults = []
    for (const args of argumentsOf(await commandsOf(file), 'svd')) {
      const fault = await svdFault(args)
      if (fault !== null) faults.push(`svd ${args.join(' ')}: ${fault}`)
    }

    expect(faults).toEqual([])
  })

  test('names only cdk commands of the installed CDK, with context keys of the deployment', async () => {
    const commands = argumentsOf(await commandsOf(file), 'cdk')

    expect(await Promise.all(commands.map(readCdkFaults))).toEqual(commands.map(() => []))
    for (const args of commands) {
      const context = contextOf(args)
      expect(Object.keys(context).filter((key) => !key.startsWith(CONTEXT_PREFIX))).toEqual([])
      expect(() => readConfig(context)).not.toThrow()
    }
  })

  test('names only npm scripts of package.json', async () => {
    const { scripts } = JSON.parse(await readText('package.json'))

    const named = argumentsOf(await commandsOf(file), 'npm').flatMap((args) => {
      const words = args.filter((word) => !word.startsWith('-'))
      return words[0] === 'run' ? [words[1]] : words[0] === 'test' ? ['test'] : []
    })

    expect(named.filter((name = '') => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

const python = await findBotocore()
const skipped =
  python === null ? ' (skipped: neither SVD_PYTHON nor the PATH has a Python with botocore)' : ''

test.skipIf(python === null)(
  `documents name only aws operations and parameters that botocore has${skipped}`,
  async () => {
    const commands = (await Promise.all(DOCUMENTS.map(commandsOf))).flatMap((all) => argumentsOf(all, 'aws'))

    expect(commands.length).toBeGreaterThan(20)
    expect(await readAwsFaults(python ?? '', commands)).toEqual([])
  },
)

describe('the check of commands in documents', () => {
  test.each([
    ['svd statsu', "unknown command 'statsu'"],
    ['svd submit a.png --steps 5', "unknown option '--steps'"],
    ['svd doctor --aws --instance-type g6.huge', 'g6.huge'],
    ['svd models psh x', "unknown command 'psh'"],
  ])('reports a fault in `%s`', async (line, found) => {
    expect(await svdFault(line.split(' ').slice(1))).toContain(found)
  })

  test('reports a cdk command and an option that the CDK does not have', async () => {
    expect(await readCdkFaults(['deploy', '--al'])).toEqual(['deploy has no option --al'])
    expect(await readCdkFaults(['deplo'])).toEqual(['there is no command deplo'])
  })

  test('reports a context key and a value that the deployment does not accept', () => {
    expect(() => readConfig(contextOf(['deploy', '-c', 'svd:maxWorker=1']))).toThrow('there is no such key')
    expect(() => readConfig(contextOf(['deploy', '--context', 'svd:compute=ecs']))).toThrow("got 'ecs'")
  })

  test.skipIf(python === null)(
    `reports an aws operation and a parameter that botocore does not have${skipped}`,
    async () => {
      const commands = [
        ['cloudformation', 'describe-stack', '--stack-name', 'x'],
        ['cloudformation', 'describe-stacks', '--name', 'x'],
        ['s3', 'copy', 'a', 'b'],
      ]

      expect(await readAwsFaults(python ?? '', commands)).toEqual([
        'aws cloudformation describe-stack: there is no such operation',
        'aws cloudformation describe-stacks: there is no option --name',
        'aws s3 copy: there is no such operation',
      ])
    },
  )
})

test('the checklist of the first deployment has svd, cdk, aws and npm commands, more than 40 in all', async () => {
  const commands = await commandsOf('infra/FIRST-DEPLOYMENT.md')
  const counts = (['svd', 'cdk', 'aws', 'npm'] as const).map((name) => argumentsOf(commands, name).length)

  expect(Math.min(...counts)).toBeGreaterThan(0)
  expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(40)
})

test('splitCommands finds commands in quotes, substitutions and lists', () => {
  expect(splitCommands(`eval "$(aws s3 ls --query "a[?b=='c d']")" && npx svd status; svd watch`)).toEqual([
    ['eval', '$(…)'],
    ['npx', 'svd', 'status'],
    ['svd', 'watch'],
    ['aws', 's3', 'ls', '--query', "a[?b=='c d']"],
  ])
})

test('a command in a code block ends with its line, unless an open quote or a backslash continues it', () => {
  const document = `Text\n
    aws s3 ls \\
        --recursive
    npx svd status --json '{
      "a": 1 }'

    { "npx": "svd none" }
`

  expect(documentCommands(document)).toEqual([
    ['aws', 's3', 'ls', '--recursive'],
    ['npx', 'svd', 'status', '--json', '{\n  "a": 1 }'],
  ])
})
