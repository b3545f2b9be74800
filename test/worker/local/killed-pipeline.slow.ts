import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { jobIdOfResult, reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { pipelineEventSchema } from '../../../shared/contracts/pipeline-event.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReport } from '../../../shared/records/read-report.ts'
import { readResult } from '../../../shared/records/read-result.ts'
import { openAwsServices } from '../../../worker/aws/aws-services.ts'
import { aPng } from '../../fixtures/images.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { seededRandom } from '../queue/simulation/seeded-random.ts'

/*
 * Runs `svd local --data-dir` in processes, uploads images to each, and kills each at a random moment. The moments come
 * from a seed. The work of a process at these moments does not, so a failure may need several runs to recur.
 */

const PIPELINE = fileURLToPath(new URL('./fixtures/quick-pipeline.ts', import.meta.url))
const SEED = 20_261_130
const KILLS = 12
const UPLOADS_A_LIFE = 6
const LIFE_MS = 900
/** From a result to the kill: other jobs are in any of their stages. */
const SOON_MS = 60
/** Duration of about one start. Every third process is killed within it. */
const START_MS = 2_000
/** Less than a lease, which a restart has to end. */
const LAST_LIFE_MS = 30_000

const start = (folder: string) => {
  const child = spawn(process.execPath, [PIPELINE, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const url = once(child.stdout, 'data').then(([line]) => String(line).trim())
  const kill = async (): Promise<void> => {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  return { url, kill }
}

const clientOf = (url: string) => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const services = openAwsServices({ endpoint: url, region: 'us-east-1', credentials })
  onTestFinished(() => services[Symbol.asyncDispose]())
  return {
    input: services.openBucket('svd-input'),
    output: services.openBucket('svd-output'),
    queues: ['svd-jobs', 'svd-jobs-dead-letters'].map((name) =>
      services.openQueue(`${url}/000000000000/${name}`),
    ),
  }
}

/** ETags of the results in a folder that no process uses. */
const resultsIn = (folder: string): ReadonlyMap<string, string> => {
  const file = path.join(folder, 'data/fauxqs.db')
  if (!existsSync(file)) return new Map()
  const database = new DatabaseSync(file)
  const rows = database.prepare('SELECT key, etag FROM s3_objects').all()
  database.close()
  return new Map(
    rows.map(({ key, etag }) => [String(key), String(etag)] as const).filter(([key]) => jobIdOfResult(key)),
  )
}

const until = async <T>(what: string, read: () => Promise<T | null>): Promise<T> => {
  const endMs = performance.now() + LAST_LIFE_MS
  for (;;) {
    const found = await read()
    if (found !== null) return found
    if (performance.now() > endMs) throw new Error(`not within ${LAST_LIFE_MS / 1000} s: ${what}`)
    await sleep(50)
  }
}

/** Waits for the one result of an upload, and checks its video. */
const resultOf = async (output: ObjectStore, key: string): Promise<string> => {
  const report = await until(`the report of ${key}`, () => readReport(output, reportKey(key), unaborted))
  const [job] = report.record.jobs
  const { record } = await until(`the result of ${key}`, () =>
    readResult(output, job?.job_id ?? '', unaborted),
  )
  expect([report.record.jobs.length, record.state, record.outputs.length]).toEqual([1, 'succeeded', 1])
  for (const { video } of record.outputs) {
    const bytes = (await output.read(video.key, { maxBytes: 1e6 }, unaborted))?.bytes ?? new Uint8Array()
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(video.sha256)
  }
  return record.job_id
}

/** Jobs whose results the process has reported, in order. */
const publishedIn = (folder: string): readonly string[] => {
  const file = path.join(folder, 'published')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

const counts = (values: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]))

test('a pipeline that is killed at random moments gives each accepted upload one result and one event', async () => {
  const folder = await temporaryDir()
  const random = seededRandom(SEED)
  const accepted: string[] = []
  const results = new Map<string, string>()
  for (let life = 0; life < KILLS; life++) {
    const { url, kill } = start(folder)
    if (life % 3 === 2) {
      await Promise.race([url, sleep(random.next() * START_MS)])
    } else {
      const { input } = clientOf(await url)
      const before = publishedIn(folder).length
      for (let index = 0; index < UPLOADS_A_LIFE; index++) {
        const key = `images/${life}-${index}.png`
        const body = await aPng({ width: 64, height: 32, seed: life * UPLOADS_A_LIFE + index })
        void sleep((random.next() * LIFE_MS) / 2)
          .then(() => input.put(key, body, { contentType: 'image/png' }, unaborted))
          .then(
            () => accepted.push(key),
            // The kill came first.
            () => {},
          )
      }
      // Every second of these processes has results before its kill, even on a slow machine.
      const wanted = life % 3 === 0 ? 0 : random.between(1, UPLOADS_A_LIFE)
      await until(
        `a result in life ${life}`,
        async () => publishedIn(folder).length - before >= wanted || null,
      )
      await sleep(random.next() * (wanted === 0 ? LIFE_MS : SOON_MS))
    }
    await kill()
    for (const [key, etag] of resultsIn(folder)) {
      expect([key, results.get(key) ?? etag]).toEqual([key, etag])
      results.set(key, etag)
    }
  }
  expect(accepted.length).toBeGreaterThan(0)
  expect(results.size).toBeGreaterThan(0)

  const { url, kill } = start(folder)
  const { output, queues } = clientOf(await url)
  const jobIds: string[] = []
  for (const key of accepted) jobIds.push(await resultOf(output, key))
  expect(new Set(jobIds).size).toBe(accepted.length)
  const depth = async () => JSON.stringify(await Promise.all(queues.map((queue) => queue.depth(unaborted))))
  const EMPTY = JSON.stringify([1, 2].map(() => ({ visible: 0, inFlight: 0, delayed: 0 })))
  await expect.poll(depth, { timeout: 10_000 }).toBe(EMPTY)
  const eventsOf = (): readonly string[] => {
    const lines = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trim().split('\n')
    return lines.map((line) => pipelineEventSchema.parse(JSON.parse(line)).upload.key)
  }
  await expect
    .poll(() => new Set(eventsOf()).size, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(accepted.length)
  await kill()

  const events = counts(eventsOf())
  expect(accepted.filter((key) => events.get(key) !== 1)).toEqual([])
  const published = counts(publishedIn(folder))
  expect([...published.values()].filter((count) => count !== 1)).toEqual([])
  for (const [key, etag] of resultsIn(folder)) expect(results.get(key) ?? etag).toBe(etag)
}, 300_000)
