import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { runCommandLine } from './a-command-line.ts'

describe('the help', () => {
  test.each(
    [
      ['-h'],
      ['--help'],
      ['help'],
      ['help', 'render'],
      ['help', 'models', 'push'],
      ['models', 'help', 'push'],
      ['render', '-h'],
      ['render', '--help'],
      ['inspect', '--help'],
      ['plan', '--help'],
      ['compile', '--help'],
      ['doctor', '--help'],
      ['schema', '--help'],
      ['submit', '--help'],
      ['status', '--help'],
      ['watch', '--help'],
      ['cancel', '--help'],
      ['redrive', '--help'],
      ['report', '--help'],
      ['demo', '--help'],
    ].map((args) => [args] as const),
  )('is printed on stdout by svd with the arguments %j', async (args) => {
    const { exitCode, stdout, stderr } = await runCommandLine(args)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: svd/)
  })

  test('lists every option of svd render', async () => {
    const { stdout } = await runCommandLine(['render', '--help'])
    const named = [...stdout.matchAll(/^ {2}(?:-[a-z], )?(--[a-z-]+)/gm)].map(([, option]) => option)
    expect(named).toEqual([
      ...['--checkpoint', '--variant', '--output', '--output-dir', '--frames-dir'],
      ...['--skip-existing', '--overwrite', '--strict'],
      ...[
        '--size',
        '--max-pixels',
        '--width',
        '--height',
        '--fit',
        '--num-frames',
        '--fps',
        '--motion-bucket-id',
        '--noise-aug-strength',
      ],
      ...['--seed', '--num-videos-per-prompt', '--format', '--crf', '--loop', '--no-metadata', '--seeds'],
      ...['--num-inference-steps', '--sigmas', '--min-guidance-scale'],
      ...[
        '--max-guidance-scale',
        '--decode-chunk-size',
        '--decode-overlap',
        '--device',
        '--precision',
        '--memory',
        '--threads',
        '--json',
      ],
      ...['--quiet', '--help'],
    ])
  })

  test.each([
    [
      ['help', 'render'],
      ['render', '--help'],
    ],
    [
      ['help', 'models', 'push'],
      ['models', 'push', '--help'],
    ],
    [['help'], ['--help']],
  ])('is the same for %j and %j', async (help, option) => {
    const [byCommand, byOption] = [await runCommandLine(help), await runCommandLine(option)]
    expect(byCommand.stdout).toBe(byOption.stdout)
  })

  test.each([
    [['help', 'rendr'], "error: unknown command 'rendr'\n(Did you mean render?)\n"],
    [['help', 'models', 'psh'], "error: unknown command 'psh'\n(Did you mean push?)\n"],
    [['help', 'generate'], "error: unknown command 'generate'\n(Did you mean render?)\n"],
  ])('suggests a command for the unknown command in %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runCommandLine(args)
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: '', stderr: message })
  })

  test.each([
    ['render', ['-c, --checkpoint <dir>', '-o, --output <file>']],
    ['compile', ['-c, --checkpoint <dir>', '-o, --output <dir>']],
    ['report', ['-o, --output <file>']],
    ...['inspect', 'plan', 'doctor', 'local'].map((name) => [name, ['-c, --checkpoint <dir>']] as const),
  ] as const)('lists for svd %s the short options %j', async (command, flags) => {
    const { stdout } = await runCommandLine([command, '-h'])
    const short = [...stdout.matchAll(/^ {2}(-[^-h], .*?) {2}/gm)].map(([, found]) => found)
    expect(short).toEqual(flags)
  })

  test('is printed on stderr, with exit code 2, when no command is given', async () => {
    const { exitCode, stdout, stderr } = await runCommandLine([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^Usage: svd/)
  })
})

test('svd refuses an unknown command, and suggests a similar one', async () => {
  expect(await runCommandLine(['rendr'])).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: "error: unknown command 'rendr'\n(Did you mean render?)\n",
  })
})

test('svd --version prints the version of the package', async () => {
  expect(await runCommandLine(['--version'])).toMatchObject({ exitCode: 0, stdout: '0.1.0\n' })
})

test('svd exits with 2 and prints no stack trace when the user made a mistake', async () => {
  const svd = fileURLToPath(new URL('../../../worker/cli/svd.ts', import.meta.url))
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [svd, 'inspect', '--checkpoint', '/nowhere/at/all'],
    { reject: false },
  )
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: /nowhere/at/all: there is no such folder; check the path of the checkpoint',
  })
})
