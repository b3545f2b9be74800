import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { runCommandLine } from './a-command-line.ts'

describe('help', () => {
  test.each([
    ['--help'],
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
  ])('%s %s is on stdout and no mistake', async (...args) => {
    const { exitCode, stdout, stderr } = await runCommandLine(args)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: svd/)
  })

  test('of render names every argument of the reference', async () => {
    const { stdout } = await runCommandLine(['render', '--help'])
    const named = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option)
    expect(named).toEqual([
      ...['--checkpoint', '--variant', '--output', '--output-dir', '--frames-dir'],
      ...[
        '--width',
        '--height',
        '--fit',
        '--num-frames',
        '--fps',
        '--motion-bucket-id',
        '--noise-aug-strength',
      ],
      ...['--seed', '--num-videos-per-prompt', '--num-inference-steps', '--sigmas', '--min-guidance-scale'],
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

  test('is shown, as a mistake, when no command is given', async () => {
    const { exitCode, stdout, stderr } = await runCommandLine([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^Usage: svd/)
  })
})

test('an unknown command is a mistake, with a suggestion', async () => {
  expect(await runCommandLine(['rendr'])).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: "error: unknown command 'rendr'\n(Did you mean render?)\n",
  })
})

test('the version is that of the package', async () => {
  expect(await runCommandLine(['--version'])).toMatchObject({ exitCode: 0, stdout: '0.1.0\n' })
})

test('the installed command ends with the exit code, and prints no stack for a mistake', async () => {
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
