import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import { RendererCrashedError } from '../../../worker/renderer/renderer-crashed.ts'
import type { SpawnRenderer } from '../../../worker/renderer/renderer-process.ts'
import { aRenderer, fixture, isAlive, never, say, sayAndAbort } from './a-renderer.ts'

describe('a renderer process that fails', () => {
  test.each([
    ['abort the process', { exitCode: null, signal: 'SIGABRT' }, /killed by SIGABRT/],
    ['be killed', { exitCode: null, signal: 'SIGKILL' }, /killed by SIGKILL \(out of memory\?\)/],
    ['exit', { exitCode: 7, signal: null }, /exited with code 7/],
    ['throw asynchronously', { exitCode: 1, signal: null }, /exited with code 1[\s\S]*nobody catches this/],
  ])('rejects its job and is replaced for the next job: %s', async (word, end, message) => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    const crash: unknown = await say(renderer, word).catch((reason: unknown) => reason)
    expect(crash).toBeInstanceOf(RendererCrashedError)
    expect(crash).toMatchObject({ ...end, message: expect.stringMatching(message) })
    const next = await say(renderer, 'two')
    expect(next.jobsSeen).toBe(1)
    expect(next.pid).not.toBe(pid)
  })

  test('leaves the end of its stderr in the error', async () => {
    await expect(say(aRenderer(), 'abort the process')).rejects.toMatchObject({
      lastStderr: expect.stringContaining('instance of std::bad_alloc'),
      message: expect.stringContaining('instance of std::bad_alloc'),
    })
  })

  test('reports the cause if it cannot load its entry', async () => {
    const renderer = aRenderer({ entry: fixture('broken-entry.ts') })
    for (const word of ['one', 'two']) {
      await expect(say(renderer, word)).rejects.toThrow(
        /exited with code 1[\s\S]*this entry cannot be loaded/,
      )
    }
  })

  test('reports the cause if it cannot be started', async () => {
    const renderer = aRenderer({
      spawn: (entry, options) => fork(entry, { ...options, execPath: '/nowhere/node' }),
    })
    await expect(say(renderer, 'one')).rejects.toThrow(/could not be started: .*ENOENT/)
  })

  test('is killed if it violates the protocol', async () => {
    const renderer = aRenderer()
    await expect(say(renderer, 'speak nonsense')).rejects.toThrow('Invalid')
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
  })
})

describe('a GPU fault', () => {
  test.each([
    ['fill the memory', DeviceFaultError, 'out-of-memory'],
    ['lose the context', DeviceFaultError, 'sticky'],
    ['lose the card', CardUnusableError, 'card-lost'],
    ['have the wrong driver', CardUnusableError, 'cannot-run'],
  ])('ends the process, and the next job gets a new one: %s', async (word, kind, fault) => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    const error: unknown = await say(renderer, word).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ message: `denoise_step: ${fault}` })
    expect(isAlive(pid)).toBe(false)
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
  })

  test('is also found in the output of a dying process', async () => {
    await expect(say(aRenderer(), 'die of a lost card')).rejects.toBeInstanceOf(CardUnusableError)
  })

  test('in attention makes the renderer run this job again and later jobs without flash attention', async () => {
    const reasons: string[] = []
    const renderer = aRenderer({ onRestart: (reason) => reasons.push(reason) })
    const first = await say(renderer, 'one')
    const second = await say(renderer, 'need flash attention')
    expect(second.pid).not.toBe(first.pid)
    await expect(say(renderer, 'exit')).rejects.toThrow('exited')
    expect(await say(renderer, 'need flash attention')).toMatchObject({ jobsSeen: 1 })
    expect(reasons).toEqual(['denoise_step: attention-refused'])
  })

  test('in attention is thrown if the job also fails without flash attention', async () => {
    const reasons: string[] = []
    const renderer = aRenderer({ onRestart: (reason) => reasons.push(reason) })
    await expect(say(renderer, 'refuse attention')).rejects.toMatchObject({ fault: 'attention-refused' })
    expect(reasons).toHaveLength(1)
  })
})

describe('a process that SIGKILL cannot end', () => {
  /** Processes that wait for a driver. They react neither to signals nor, once they block, to the end of their parent. */
  const unkillable = () => {
    const children: ChildProcess[] = []
    const spawn: SpawnRenderer = (entry, options) => {
      const child = fork(entry, options)
      children.push(child)
      return Object.assign(child, { kill: () => true, disconnect: () => {} })
    }
    const endAll = (): void => {
      for (const { pid } of children) if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL')
    }
    return { spawn, endAll, pids: () => children.map(({ pid }) => pid ?? 0) }
  }
  const limits = { killGraceMs: 1, unkillableMs: 1 }

  test('rejects its job with the reason of the abort, and is replaced for the next job', async () => {
    const { spawn, endAll, pids } = unkillable()
    const renderer = aRenderer({ ...limits, spawn })
    const reason = new Error('the lease was lost')
    await expect(sayAndAbort(renderer, 'block the event loop', reason)).rejects.toBe(reason)
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
    expect(isAlive(pids()[0]!)).toBe(true)
    endAll()
  })

  test('rejects its job if it stalls', async () => {
    const { spawn, endAll } = unkillable()
    const renderer = aRenderer({ ...limits, spawn, stallTimeoutMs: 1 })
    await expect(say(renderer, 'block the event loop')).rejects.toBeInstanceOf(RendererCrashedError)
    endAll()
  })

  test('does not delay the closing of the renderer', async () => {
    const { spawn, endAll, pids } = unkillable()
    const renderer = aRenderer({ ...limits, spawn })
    const blocked = Promise.withResolvers<void>()
    const saying = renderer.render(
      { word: 'block the event loop' },
      { signal: never, onProgress: () => blocked.resolve() },
    )
    await blocked.promise
    const closing = renderer.close()
    await expect(saying).rejects.toThrow('the renderer was closed')
    await closing
    expect(pids().map(isAlive)).toEqual([true])
    endAll()
  })
})

test.each([
  ['blocks', 'serve-words.ts', 'block the event loop'],
  ['never gets ready', 'never-ready.ts', 'one'],
])('a process that %s is killed after the stall timeout', async (_, entry, word) => {
  const renderer = aRenderer({ entry: fixture(entry), stallTimeoutMs: 1_000 })
  const stalled = say(renderer, word)
  await expect(stalled).rejects.toThrow(RendererCrashedError)
  await expect(stalled).rejects.toThrow('gave no sign for 1000 ms and was killed')
})

describe('a renderer process', () => {
  test.each([
    ['is killed during a job', '0', (parent: ChildProcess) => parent.kill('SIGKILL')],
    ['is killed while native code blocks the process', '1', (parent: ChildProcess) => parent.kill('SIGKILL')],
    [
      'exits at once while native code blocks the process',
      '1',
      (parent: ChildProcess) => parent.send('exit'),
    ],
  ] as const)('ends when its parent %s', { timeout: 20_000 }, async (_, BLOCKED, end) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'renderer-'))
    const BEACON = path.join(folder, 'beacon')
    const server = createServer().listen(BEACON)
    try {
      const env = { ...process.env, BEACON, BLOCKED }
      const parent = fork(fixture('mortal-parent.ts'), { env, execArgv: [] })
      const [beacon] = await once(server, 'connection')
      await once(beacon, 'data')
      end(parent)
      await once(beacon, 'close')
    } finally {
      server.close()
      await rm(folder, { recursive: true })
    }
  })
})
