import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'

const inCli = (file: string): string => fileURLToPath(new URL(`../../../worker/cli/${file}`, import.meta.url))

/** A process that prints the reason when it receives a signal, and does not end by itself. */
const aSlowStopper = () =>
  execa(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `
        import { processContext } from ${JSON.stringify(inCli('process-context.ts'))}
        const { signal } = processContext()
        signal.addEventListener('abort', () => {
          console.log(signal.reason.message)
          process.on('SIGHUP', () => process.exit(7))
        })
        setInterval(() => {}, 1000)
        console.log('ready')
      `,
    ],
    { reject: false },
  )

describe('a command', () => {
  test.each<[NodeJS.Signals, NodeJS.Signals, number]>([
    ['SIGINT', 'SIGINT', 130],
    ['SIGTERM', 'SIGINT', 130],
    ['SIGINT', 'SIGTERM', 143],
    // A terminal that closes may send SIGHUP twice. The second one does not end the clean-up, which here exits with 7.
    ['SIGHUP', 'SIGHUP', 7],
  ])('begins to stop at %s, and exits at a second signal, %s, with %i', async (first, second, code) => {
    const child = aSlowStopper()
    await once(child.stdout, 'data')
    child.kill(first)
    const [said] = await once(child.stdout, 'data')
    child.kill(second)
    expect(String(said)).toBe(`stopped by ${first}\n`)
    expect((await child).exitCode).toBe(code)
  })
})

describe('svd', () => {
  test.skipIf(!existsSync('/dev/full'))(
    'prints one line when its standard output cannot be written',
    async () => {
      const { exitCode, stderr } = await execa({
        shell: true,
        reject: false,
      })`${process.execPath} ${inCli('svd.ts')} --version >/dev/full`
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: 'error: the standard output cannot be written (ENOSPC); is its disk full?',
      })
    },
  )

  test('exits with 0 when the reader of its standard output has ended', async () => {
    const { exitCode, stderr } = await execa({
      shell: '/bin/bash',
      reject: false,
    })`set -o pipefail; ${process.execPath} ${inCli('svd.ts')} render --help | true`
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})
