import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { readResult } from '../../../../shared/records/read-result.ts'
import { systemClock } from '../../../../shared/system-clock.ts'
import { openModel } from '../../../../worker/models/open-model.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { anEndpoint } from '../an-endpoint.ts'

/*
 * Whole batches in real processes, which are killed at random times. A seed determines these times, but not what the
 * processes do at them. So a failure may need several runs to occur again.
 */

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const DEMO = inRepository('worker/demo')
const PHOTO = inRepository('worker/demo-samples/rocket.png')
const never = new AbortController().signal

const JOBS = 12
/** Number of kills of the renderer. They come first, because each attempt of a job delays the next attempt more. */
const RENDERER_KILLS = 3
const WORKER_KILLS = 5
const SEED = 20_260_101
/** The shortest lease that the worker accepts, so that another worker soon receives a killed worker's jobs. */
const SHORT_LEASE = ['--visibility-seconds', '10', '--beat-seconds', '3']
/** Two frames of the demo's size: about four seconds of rendering. */
const SMALL = ['--num-frames', '2', '--num-inference-steps', '10']

/** Draws the same numbers each time, by the generator of Park and Miller. */
const drawFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

const aBatch = async () => {
  const model = await openModel(
    DEMO,
    {
      ...{ cacheDir: null, variant: null, field: '--model' },
      openStore: () => {
        throw new Error('the demo checkpoint is a folder')
      },
    },
    never,
  )
  const endpoint = await anEndpoint(model.record)
  const scratch = await temporaryDir()
  const startWorker = () => {
    const worker = endpoint.svd(
      'worker',
      ...['--model', DEMO, '--scratch-dir', scratch, '--conditional-writes', 'optional', ...SHORT_LEASE],
    )
    onTestFinished(() => void worker.kill('SIGKILL'))
    return worker
  }
  const submit = async (count: number): Promise<readonly string[]> => {
    const jobIds = []
    for (let seed = 0; seed < count; seed++) {
      const { exitCode, stdout } = await endpoint.svd(
        ...['submit', PHOTO, ...SMALL, '--seed', String(seed), '--json'],
      )
      expect(exitCode).toBe(0)
      for (const { job_id } of JSON.parse(stdout).jobs) jobIds.push(job_id)
    }
    return jobIds
  }
  return { ...endpoint, scratch, startWorker, submit }
}

type Batch = Awaited<ReturnType<typeof aBatch>>
type Worker = ReturnType<Batch['startWorker']>

const childOf = async (processId: number | undefined): Promise<number | null> => {
  const children = await readFile(`/proc/${processId}/task/${processId}/children`, 'utf8').catch(() => '')
  const [child] = children.trim().split(' ')
  return child ? Number(child) : null
}

/** ETags of the result records that exist, by job. */
const resultsOf = async ({ output }: Batch, jobIds: readonly string[]): Promise<Map<string, string>> => {
  const found = new Map<string, string>()
  for (const jobId of jobIds) {
    const record = await output.head(resultKey(jobId), never)
    if (record !== null) found.set(jobId, record.etag)
  }
  return found
}

const until = async <T>(what: string, look: () => Promise<T | null>, seconds: number): Promise<T> => {
  const endMs = systemClock.elapsedMs() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (systemClock.elapsedMs() > endMs) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(100)
  }
}

const expectDoneOnce = async (batch: Batch, jobIds: readonly string[]): Promise<void> => {
  for (const jobId of jobIds) {
    const { output } = batch
    const result = (await readResult(output, jobId, never))?.record
    expect(result).toMatchObject({ state: 'succeeded', failure: null })
    expect(result?.outputs).toHaveLength(1)
    for (const { video } of result?.outputs ?? []) {
      const bytes = (await output.read(video.key, { maxBytes: 1e8 }, never))?.bytes ?? new Uint8Array()
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(video.sha256)
    }
  }
}

describe('a batch whose workers are killed', () => {
  test('completes each job once, and leaves no message in either queue', async () => {
    const batch = await aBatch()
    const jobIds = await batch.submit(JOBS)
    expect(new Set(jobIds).size).toBe(JOBS)
    const draw = drawFrom(SEED)
    const etags = new Map<string, string>()
    const kills: string[] = []
    const doneLines: string[] = []
    const listen = (started: Worker): Worker => {
      void started.then(({ stdout }) => {
        for (const line of stdout.split('\n')) {
          // The last line of a killed worker may be incomplete.
          if (!line.startsWith('{') || !line.endsWith('}')) continue
          const { message, job_id } = JSON.parse(line)
          if (message === 'job succeeded') doneLines.push(job_id)
        }
      })
      return started
    }
    let worker = listen(batch.startWorker())

    for (let done = 0; done < JOBS; ) {
      // One more job has to succeed between two kills, so that the batch ends.
      const wanted = done + 1
      done = await until(
        `${wanted} jobs done; killed so far: ${kills.join(', ')}`,
        async () => {
          const found = await resultsOf(batch, jobIds)
          for (const [jobId, etag] of found) expect(etags.get(jobId) ?? etag).toBe(etag)
          for (const [jobId, etag] of found) etags.set(jobId, etag)
          return found.size >= wanted ? found.size : null
        },
        180,
      )
      if (done === JOBS) break
      if (kills.length === RENDERER_KILLS + WORKER_KILLS) continue
      await sleep(draw() * 3000)
      if (kills.length < RENDERER_KILLS) {
        const renderer = await childOf(worker.pid)
        if (renderer === null) continue
        kills.push(`renderer ${renderer}`)
        process.kill(renderer, 'SIGKILL')
      } else {
        kills.push(`worker ${worker.pid}`)
        worker.kill('SIGKILL')
        await worker
        worker = listen(batch.startWorker())
      }
    }

    await until(
      'an empty queue',
      async () => {
        const { visible, inFlight, delayed } = await batch.jobs.depth(never)
        return visible + inFlight + delayed === 0 ? true : null
      },
      60,
    )
    worker.kill('SIGTERM')
    expect((await worker).exitCode).toBe(0)
    expect(kills.length).toBeGreaterThan(RENDERER_KILLS)
    expect(await batch.deadLetters.depth(never)).toMatchObject({ visible: 0, inFlight: 0 })
    await expectDoneOnce(batch, jobIds)
    expect(doneLines).toHaveLength(new Set(doneLines).size)
  })
})

test('a worker that receives SIGTERM ends within 30 s, and returns unfinished jobs to the queue', async () => {
  const batch = await aBatch()
  const jobIds = await batch.submit(4)
  const worker = batch.startWorker()
  await until(
    'a job that renders',
    async () => ((await batch.jobs.depth(never)).inFlight > 1 ? true : null),
    60,
  )
  await until('its renderer', () => childOf(worker.pid), 60)
  const startedMs = systemClock.elapsedMs()
  worker.kill('SIGTERM')
  expect((await worker).exitCode).toBe(0)
  expect((systemClock.elapsedMs() - startedMs) / 1000).toBeLessThan(30)

  const done = await resultsOf(batch, jobIds)
  expect(await batch.jobs.depth(never)).toMatchObject({ visible: jobIds.length - done.size, inFlight: 0 })
})
