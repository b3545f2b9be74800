import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import {
  openRenderer,
  type Renderer,
  type RendererOptions,
} from '../../../worker/renderer/child-process-renderer.ts'
import { RendererCrashedError } from '../../../worker/renderer/renderer-crashed.ts'
import { NODE_OPTIONS_OF_RENDERER, type SpawnRenderer } from '../../../worker/renderer/renderer-process.ts'
import { atWork, type WordJob, type WordResult, wordSchemas } from './fixtures/word-job.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

let opened: Renderer<WordJob, WordResult>[] = []
afterEach(async () => {
  await Promise.all(opened.map((renderer) => renderer.close()))
  opened = []
})

const aRenderer = (
  options: Partial<RendererOptions<WordJob, WordResult>> = {},
): Renderer<WordJob, WordResult> => {
  const renderer = openRenderer({ entry: fixture('serve-words.ts'), schemas: wordSchemas, ...options })
  opened.push(renderer)
  return renderer
}
const never = new AbortController().signal
const say = (renderer: Renderer<WordJob, WordResult>, word: string): Promise<WordResult> =>
  renderer.render({ word }, { signal: never })

/** Runs a job and aborts it when it is at work. */
const sayAndAbort = (renderer: Renderer<WordJob, WordResult>, word: string, reason: unknown) => {
  const controller = new AbortController()
  return renderer.render({ word }, { signal: controller.signal, onProgress: () => controller.abort(reason) })
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a renderer that behaves', () => {
  test('does a job in another process, which stays for the next one', async () => {
    const renderer = aRenderer()
    const first = await say(renderer, 'one')
    const second = await say(renderer, 'two')
    expect(first).toEqual({ word: 'one', pid: expect.any(Number), jobsSeen: 1 })
    expect(second).toEqual({ word: 'two', pid: first.pid, jobsSeen: 2 })
    expect(first.pid).not.toBe(process.pid)
  })

  test('carries bigints and bytes both ways', async () => {
    const job = { word: 'one', seed: 2n ** 63n, pixels: Uint8Array.of(1, 2, 255) }
    expect(await aRenderer().render(job, { signal: never })).toMatchObject(job)
  })

  test('reports progress', async () => {
    const seen: unknown[] = []
    await aRenderer().render(
      { word: 'one' },
      { signal: never, onProgress: (progress) => seen.push(progress) },
    )
    expect(seen).toEqual([atWork])
  })

  test('takes one job at a time', async () => {
    const renderer = aRenderer()
    const first = say(renderer, 'one')
    await expect(say(renderer, 'two')).rejects.toThrow('one job at a time')
    expect(await first).toMatchObject({ word: 'one' })
  })

  test('passes on what the process prints, on either stream', async () => {
    const printed: string[] = []
    const renderer = aRenderer({ onOutput: (chunk) => printed.push(Buffer.from(chunk).toString()) })
    await say(renderer, 'say something on both streams')
    await renderer.close()
    expect(printed.join('').trim().split('\n').sort()).toEqual(['on stderr', 'on stdout'])
  })

  test('gives the process the environment it is told, and its own options of Node', async () => {
    const asked: unknown[] = []
    const renderer = aRenderer({
      env: { ONLY: 'this' },
      spawn: (entry, options) => {
        asked.push(options.env, options.execArgv)
        return fork(entry, options)
      },
    })
    await say(renderer, 'one')
    expect(asked).toEqual([{ ONLY: 'this' }, NODE_OPTIONS_OF_RENDERER])
  })

  test('gives the process no variable that it has no use for, when it is told nothing', async () => {
    const asked: string[] = []
    const renderer = aRenderer({
      spawn: (entry, options) => {
        asked.push(...Object.keys(options.env ?? process.env))
        return fork(entry, options)
      },
    })
    await say(renderer, 'one')
    expect(process.env).toHaveProperty('VITEST')
    expect(asked).toContain('PATH')
    expect(asked).not.toContain('VITEST')
  })

  test('leaves Ctrl-C and SIGTERM to its parent', async () => {
    expect(await say(aRenderer(), 'be told to stop by signals')).toMatchObject({ jobsSeen: 1 })
  })
})

describe('a job that fails', () => {
  test('throws the InvalidInputError that it threw, and the process stays', async () => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    const refused = say(renderer, 'refuse the input')
    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toMatchObject({
      field: '--fps',
      message: '--fps: 0 is below 1; give 1 or more',
    })
    expect(await say(renderer, 'two')).toEqual({ word: 'two', pid, jobsSeen: 3 })
  })

  test('throws an error with the message, stack and cause of the one in the process', async () => {
    const error: unknown = await say(aRenderer(), 'fail').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ message: 'out of paint' })
    expect((error as Error).stack).toMatch(/serve-words\.ts[\s\S]*the shop is closed/)
  })

  test('may throw anything', async () => {
    await expect(say(aRenderer(), 'throw a string')).rejects.toThrow('just text')
  })

  test('is refused in the process when it is not the job that was agreed', async () => {
    const job = { word: 'one', colour: 'red' } as WordJob
    await expect(aRenderer().render(job, { signal: never })).rejects.toThrow('colour')
  })

  test('is refused here when it cannot be copied into another process', async () => {
    const job = { word: () => 'one' } as unknown as WordJob
    await expect(aRenderer().render(job, { signal: never })).rejects.toThrow('could not be cloned')
  })

  test('fails in the process when its result is not the one that was agreed', async () => {
    await expect(say(aRenderer(), 'give a wrong result')).rejects.toThrow('jobsSeen')
  })
})

describe('a process that dies', () => {
  test.each([
    ['abort the process', { exitCode: null, signal: 'SIGABRT' }, /killed by SIGABRT/],
    ['be killed', { exitCode: null, signal: 'SIGKILL' }, /killed by SIGKILL \(out of memory\?\)/],
    ['exit', { exitCode: 7, signal: null }, /exited with code 7/],
    ['throw asynchronously', { exitCode: 1, signal: null }, /exited with code 1[\s\S]*nobody catches this/],
  ])('rejects the job and is replaced for the next: %s', async (word, end, message) => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    const crash: unknown = await say(renderer, word).catch((reason: unknown) => reason)
    expect(crash).toBeInstanceOf(RendererCrashedError)
    expect(crash).toMatchObject({ ...end, message: expect.stringMatching(message) })
    const next = await say(renderer, 'two')
    expect(next.jobsSeen).toBe(1)
    expect(next.pid).not.toBe(pid)
  })

  test('leaves its last words in the error', async () => {
    await expect(say(aRenderer(), 'abort the process')).rejects.toMatchObject({
      lastStderr: expect.stringContaining('instance of std::bad_alloc'),
      message: expect.stringContaining('instance of std::bad_alloc'),
    })
  })

  test('says why when it cannot even load', async () => {
    const renderer = aRenderer({ entry: fixture('broken-entry.ts') })
    for (const word of ['one', 'two']) {
      await expect(say(renderer, word)).rejects.toThrow(
        /exited with code 1[\s\S]*this entry cannot be loaded/,
      )
    }
  })

  test('says why when it cannot be started', async () => {
    const renderer = aRenderer({
      spawn: (entry, options) => fork(entry, { ...options, execPath: '/nowhere/node' }),
    })
    await expect(say(renderer, 'one')).rejects.toThrow(/could not be started: .*ENOENT/)
  })

  test('is killed when it breaks the protocol', async () => {
    const renderer = aRenderer()
    await expect(say(renderer, 'speak nonsense')).rejects.toThrow('Invalid')
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
  })
})

describe('a fault of the card', () => {
  test.each([
    ['fill the memory', DeviceFaultError, 'out-of-memory'],
    ['lose the context', DeviceFaultError, 'sticky'],
    ['lose the card', CardUnusableError, 'card-lost'],
    ['have the wrong driver', CardUnusableError, 'cannot-run'],
  ])('ends the process, and the next job has a new one: %s', async (word, kind, fault) => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    const error: unknown = await say(renderer, word).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ message: `denoise_step: ${fault}` })
    expect(isAlive(pid)).toBe(false)
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
  })

  test('that a dying process printed is one, too', async () => {
    await expect(say(aRenderer(), 'die of a lost card')).rejects.toBeInstanceOf(CardUnusableError)
  })

  test('in attention renders the job again without it, and so do all jobs after it', async () => {
    const reasons: string[] = []
    const renderer = aRenderer({ onRestart: (reason) => reasons.push(reason) })
    const first = await say(renderer, 'one')
    const second = await say(renderer, 'need flash attention')
    expect(second.pid).not.toBe(first.pid)
    await expect(say(renderer, 'exit')).rejects.toThrow('exited')
    expect(await say(renderer, 'need flash attention')).toMatchObject({ jobsSeen: 1 })
    expect(reasons).toEqual(['denoise_step: attention-refused'])
  })

  test('in attention is thrown where the job fails without it as well', async () => {
    const reasons: string[] = []
    const renderer = aRenderer({ onRestart: (reason) => reasons.push(reason) })
    await expect(say(renderer, 'refuse attention')).rejects.toMatchObject({ fault: 'attention-refused' })
    expect(reasons).toHaveLength(1)
  })
})

describe('a process that not even SIGKILL ends', () => {
  /** Processes that wait for a driver: they hear neither signals nor, once they block, that their parent has gone. */
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

  test('rejects its job with the reason of the abort, and is replaced for the next', async () => {
    const { spawn, endAll, pids } = unkillable()
    const renderer = aRenderer({ ...limits, spawn })
    const reason = new Error('the lease was lost')
    await expect(sayAndAbort(renderer, 'block the event loop', reason)).rejects.toBe(reason)
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
    expect(isAlive(pids()[0]!)).toBe(true)
    endAll()
  })

  test('that stalls rejects its job', async () => {
    const { spawn, endAll } = unkillable()
    const renderer = aRenderer({ ...limits, spawn, stallTimeoutMs: 1 })
    await expect(say(renderer, 'block the event loop')).rejects.toBeInstanceOf(RendererCrashedError)
    endAll()
  })

  test('does not hold up closing', async () => {
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

describe('an abort', () => {
  const reason = new Error('the lease was lost')

  test('cancels the job, and the process stays', async () => {
    const renderer = aRenderer({ killGraceMs: 60_000 })
    await expect(sayAndAbort(renderer, 'wait for cancel', reason)).rejects.toBe(reason)
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 2 })
  })

  test('wins over a result that comes all the same', async () => {
    await expect(sayAndAbort(aRenderer(), 'finish in spite of cancel', reason)).rejects.toBe(reason)
  })

  test.each(['block the event loop', 'ignore cancel'])(
    'kills a process that does not answer: %s',
    async (word) => {
      const renderer = aRenderer({ killGraceMs: 50 })
      const { pid } = await say(renderer, 'one')
      await expect(sayAndAbort(renderer, word, reason)).rejects.toBe(reason)
      expect(isAlive(pid)).toBe(false)
      expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
    },
  )

  test('before the call starts nothing', async () => {
    const renderer = aRenderer({
      spawn: () => {
        throw new Error('started')
      },
    })
    await expect(renderer.render({ word: 'one' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('while the process is starting ends the wait at once', async () => {
    const controller = new AbortController()
    const renderer = aRenderer({
      entry: fixture('never-ready.ts'),
      killGraceMs: 50,
      spawn: (entry, options) => {
        const child = fork(entry, options)
        child.once('spawn', () => controller.abort(reason))
        return child
      },
    })
    await expect(renderer.render({ word: 'one' }, { signal: controller.signal })).rejects.toBe(reason)
  })

  test('by an onProgress that throws is thrown from the call', async () => {
    const fault = new Error('the progress bar broke')
    const onProgress = (): void => {
      throw fault
    }
    const rendering = aRenderer().render({ word: 'wait for cancel' }, { signal: never, onProgress })
    await expect(rendering).rejects.toBe(fault)
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

describe('closing', () => {
  test('ends the process', async () => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    await renderer.close()
    expect(isAlive(pid)).toBe(false)
    await expect(say(renderer, 'two')).rejects.toThrow('the renderer is closed')
  })

  test('happens by itself at the end of an await using', async () => {
    let pid = 0
    {
      await using renderer = openRenderer({ entry: fixture('serve-words.ts'), schemas: wordSchemas })
      pid = (await say(renderer, 'one')).pid
    }
    expect(isAlive(pid)).toBe(false)
  })

  test.each(['wait for cancel', 'block the event loop'])('ends a job that is running: %s', async (word) => {
    const renderer = aRenderer({ killGraceMs: 50 })
    const { pid } = await say(renderer, 'one')
    const closing = Promise.withResolvers<void>()
    const onProgress = (): void => closing.resolve(renderer.close())
    await expect(renderer.render({ word }, { signal: never, onProgress })).rejects.toThrow('was closed')
    await closing.promise
    expect(isAlive(pid)).toBe(false)
  })

  test('is nothing when no job was ever given', async () => {
    await aRenderer().close()
  })
})

describe('the process ends', () => {
  test.each([
    ['is killed, in the middle of a job', '0', (parent: ChildProcess) => parent.kill('SIGKILL')],
    ['is killed, while native code blocks it', '1', (parent: ChildProcess) => parent.kill('SIGKILL')],
    ['exits at once, while native code blocks it', '1', (parent: ChildProcess) => parent.send('exit')],
  ] as const)('when its parent %s', { timeout: 20_000 }, async (_, BLOCKED, end) => {
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
