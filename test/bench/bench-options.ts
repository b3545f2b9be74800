import { Command, InvalidArgumentError, Option } from 'commander'
import { CASE_NAMES, type CaseName } from './cases.ts'

export interface BenchOptions {
  readonly python: string
  readonly case: CaseName
  readonly checkpoint?: string
  readonly runs: number
  readonly threads?: number
  readonly json?: string
}

const wholeNumber = (text: string): number => {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Must be a whole number from 1 to 9999.')
}

const NOTES = `
  npm run bench -- --python .venv/bin/python
  npm run bench -- --python .venv/bin/python --case demo --runs 5 --json demo.json
`

/** Ends the process, with exit code 2 and a message, if the options are wrong. */
export const parseBenchOptions = (args: readonly string[]): BenchOptions =>
  new Command('bench')
    .description(
      'The same clip with diffusers eager and with svd render, one after the other, on this machine.',
    )
    .addOption(
      new Option('--python <path>', 'a Python with test/reference/requirements.txt')
        .env('SVD_PYTHON')
        .makeOptionMandatory(),
    )
    .addOption(new Option('--case <name>', 'what to render').choices(CASE_NAMES).default('middle'))
    .option('--checkpoint <dir>', "a folder instead of the case's (random ones are made once and kept)")
    .option('--runs <n>', 'of each side', wholeNumber, 3)
    .option('--threads <n>', 'of each side (what torch takes by itself)', wholeNumber)
    .option('--json <file>', 'write all numbers there')
    .addHelpText('after', NOTES)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse([...args], { from: 'user' })
    .opts<BenchOptions>()
