import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const fixture = fileURLToPath(new URL('./fixtures/parent-of-a-sleeper.ts', import.meta.url))

/** The timeout is shorter than the child's sleep. */
const timeout = 30_000

test.each(['exit', 'throw'])(
  'a child process ends when its parent ends by itself: %s',
  { timeout },
  async (end) => {
    const parent = fork(fixture, { execArgv: [], stdio: ['ignore', 'pipe', 'ignore', 'ipc'] })
    await once(parent, 'message')
    // Both processes have the stream open.
    const closed = once(parent.stdout!, 'close')
    parent.stdout!.resume()
    parent.send(end)
    const [exitCode] = await once(parent, 'exit')
    await closed
    expect(exitCode).toBe(1)
  },
)
