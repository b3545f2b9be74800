import { fork } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { openRenderer } from '../../../worker/renderer/child-process-renderer.ts'
import { NODE_OPTIONS_OF_RENDERER } from '../../../worker/renderer/renderer-process.ts'
import { aRenderer, fixture, isAlive, never, say, sayAndAbort } from './a-renderer.ts'
import { atWork, type WordJob, wordSchemas } from './fixtures/word-job.ts'

describe('a renderer', () => {
  test('renders a job in another process, which renders the next job too', async () => {
    const renderer = aRenderer()
    const first = await say(renderer, 'one')
    const second = await say(renderer, 'two')
    expect(first).toEqual({ word: 'one', pid: expect.any(Number), jobsSeen: 1 })
    expect(second).toEqual({ word: 'two', pid: first.pid, jobsSeen: 2 })
    expect(first.pid).not.toBe(process.pid)
  })

  test('passes bigints and bytes to its process and back', async () => {
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

  test('passes on what its process prints to stdout and stderr', async () => {
    const printed: string[] = []
    const renderer = aRenderer({ onOutput: (chunk) => printed.push(Buffer.from(chunk).toString()) })
    await say(renderer, 'say something on both streams')
    await renderer.close()
    expect(printed.join('').trim().split('\n').sort()).toEqual(['on stderr', 'on stdout'])
  })

  test('gives its process the given environment and its own options of Node', async () => {
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

  test('gives its process no variables that it does not need, if no environment is given', async () => {
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

  test('runs in a process that ignores SIGINT and SIGTERM, because its parent handles them', async () => {
    expect(await say(aRenderer(), 'be told to stop by signals')).toMatchObject({ jobsSeen: 1 })
  })
})

describe('a job that fails', () => {
  test('throws the InvalidInputError that it threw in the process, and keeps the process', async () => {
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

  test('throws an error with the message, stack and cause of the error in the process', async () => {
    const error: unknown = await say(aRenderer(), 'fail').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ message: 'out of paint' })
    expect((error as Error).stack).toMatch(/serve-words\.ts[\s\S]*the shop is closed/)
  })

  test('throws an error if it threw a string in the process', async () => {
    await expect(say(aRenderer(), 'throw a string')).rejects.toThrow('just text')
  })

  test('is refused by the process if it violates the schema of jobs', async () => {
    const job = { word: 'one', colour: 'red' } as WordJob
    await expect(aRenderer().render(job, { signal: never })).rejects.toThrow('colour')
  })

  test('is refused by the caller if it cannot be cloned', async () => {
    const job = { word: () => 'one' } as unknown as WordJob
    await expect(aRenderer().render(job, { signal: never })).rejects.toThrow('could not be cloned')
  })

  test('fails in the process if its result violates the schema of results', async () => {
    await expect(say(aRenderer(), 'give a wrong result')).rejects.toThrow('jobsSeen')
  })
})

describe('an abort', () => {
  const reason = new Error('the lease was lost')

  test('cancels the job and keeps the process', async () => {
    const renderer = aRenderer({ killGraceMs: 60_000 })
    await expect(sayAndAbort(renderer, 'wait for cancel', reason)).rejects.toBe(reason)
    expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 2 })
  })

  test('takes precedence over a result that arrives later', async () => {
    await expect(sayAndAbort(aRenderer(), 'finish in spite of cancel', reason)).rejects.toBe(reason)
  })

  test.each(['block the event loop', 'ignore cancel'])(
    'kills a process that does not react: %s',
    async (word) => {
      const renderer = aRenderer({ killGraceMs: 50 })
      const { pid } = await say(renderer, 'one')
      await expect(sayAndAbort(renderer, word, reason)).rejects.toBe(reason)
      expect(isAlive(pid)).toBe(false)
      expect(await say(renderer, 'two')).toMatchObject({ jobsSeen: 1 })
    },
  )

  test('before the call prevents the start of a process', async () => {
    const renderer = aRenderer({
      spawn: () => {
        throw new Error('started')
      },
    })
    await expect(renderer.render({ word: 'one' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('during the start of the process ends the wait at once', async () => {
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

  test('by an onProgress that throws makes the call throw the same error', async () => {
    const fault = new Error('the progress bar broke')
    const onProgress = (): void => {
      throw fault
    }
    const rendering = aRenderer().render({ word: 'wait for cancel' }, { signal: never, onProgress })
    await expect(rendering).rejects.toBe(fault)
  })
})

describe('closing a renderer', () => {
  test('ends its process, and later jobs are refused', async () => {
    const renderer = aRenderer()
    const { pid } = await say(renderer, 'one')
    await renderer.close()
    expect(isAlive(pid)).toBe(false)
    await expect(say(renderer, 'two')).rejects.toThrow('the renderer is closed')
  })

  test('happens at the end of an await using block', async () => {
    let pid = 0
    {
      await using renderer = openRenderer({ entry: fixture('serve-words.ts'), schemas: wordSchemas })
      pid = (await say(renderer, 'one')).pid
    }
    expect(isAlive(pid)).toBe(false)
  })

  test.each(['wait for cancel', 'block the event loop'])('ends a running job: %s', async (word) => {
    const renderer = aRenderer({ killGraceMs: 50 })
    const { pid } = await say(renderer, 'one')
    const closing = Promise.withResolvers<void>()
    const onProgress = (): void => closing.resolve(renderer.close())
    await expect(renderer.render({ word }, { signal: never, onProgress })).rejects.toThrow('was closed')
    await closing.promise
    expect(isAlive(pid)).toBe(false)
  })

  test('succeeds if no job was ever given', async () => {
    await aRenderer().close()
  })
})
