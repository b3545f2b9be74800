import { describe, expect, onTestFinished, test } from 'vitest'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeJobMessage } from '../../../shared/contracts/job-message.ts'
import { openAwsServices } from '../../../worker/aws/aws-services.ts'
import { type EndpointOptions, startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { openPersistentState, type PersistentState } from '../../../worker/local/persistent-state.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anEvent } from './an-event.ts'

const TYPE = { contentType: 'application/json' }

/** The endpoint of a folder. It ends with the test, or before. */
const start = async (folder: string, options: Omit<EndpointOptions, 'persistentState'> = {}) => {
  const persistentState = await openPersistentState(folder, () => new Date())
  const endpoint = await startEmbeddedEndpoint(0, { ...options, persistentState })
  const services = openAwsServices(endpoint.clientConfig)
  let isOpen = true
  const end = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await services[Symbol.asyncDispose]()
    await endpoint[Symbol.asyncDispose]()
    await persistentState[Symbol.asyncDispose]()
  }
  onTestFinished(end)
  const { inputBucket, outputBucket, jobsQueueUrl } = endpoint.deployment
  return {
    ...{ persistentState, endpoint, end, input: services.openBucket(inputBucket) },
    ...{ output: services.openBucket(outputBucket), jobs: services.openQueue(jobsQueueUrl) },
  }
}

const put = (store: Awaited<ReturnType<typeof start>>['input'], key: string, body = '{}') =>
  store.put(key, Buffer.from(body), TYPE, unaborted)

describe('after a restart on another port', () => {
  test('clients find the objects and messages from before', async () => {
    const folder = await temporaryDir()
    const first = await start(folder)
    await put(first.input, 'images/a.png', 'bytes')
    await first.jobs.send([{ body: 'x', groupId: 'g' }], unaborted)
    await first.end()

    const { input, jobs, endpoint } = await start(folder)
    const read = await input.read('images/a.png', { maxBytes: 100 }, unaborted)
    expect(Buffer.from(read?.bytes ?? []).toString()).toBe('bytes')
    expect(await jobs.depth(unaborted)).toEqual({ visible: 1, inFlight: 0, delayed: 0 })
    expect(new URL(endpoint.deployment.jobsQueueUrl).port).toBe(new URL(endpoint.url).port)
  })

  test('the feeds return the keys of objects that were not handled', async () => {
    const folder = await temporaryDir()
    const first = await start(folder)
    for (const key of ['images/a.png', 'images/b.png']) await put(first.input, key)
    for (const key of [resultKey('a'.repeat(32)), 'reports/images/a.png.json', 'status/x.json'])
      await put(first.output, key)
    first.endpoint.uploads.settle(await first.endpoint.uploads.next(unaborted))
    await first.end()

    const { uploads, outputs, results } = (await start(folder)).endpoint
    expect([uploads.takeAll(), outputs.takeAll(), results.takeAll()]).toEqual([
      ['images/b.png'],
      [resultKey('a'.repeat(32)), 'reports/images/a.png.json'],
      [resultKey('a'.repeat(32))],
    ])
  })

  test('a feed that had no reader returns no key', async () => {
    const folder = await temporaryDir()
    const first = await start(folder, { announces: false, fetches: false })
    await put(first.output, resultKey('a'.repeat(32)))
    await first.end()
    const { outputs, results } = (await start(folder)).endpoint
    expect([outputs.takeAll(), results.takeAll()]).toEqual([[], []])
  })

  test('the remaining work is counted', async () => {
    const folder = await temporaryDir()
    const first = await start(folder)
    expect(first.persistentState.earlierWork).toEqual({ uploads: 0, waiting: [], ended: 0 })
    const job = aJobMessage()
    for (const body of [encodeJobMessage(job), 'no job'])
      await first.jobs.send([{ body, groupId: 'g' }], unaborted)
    await put(first.input, 'images/a.png')
    for (const id of ['a', 'b']) await put(first.output, resultKey(id.repeat(32)))
    await put(first.output, `jobs/${'a'.repeat(32)}/attempts/1/video.mp4`)
    await first.end()
    expect((await start(folder)).persistentState.earlierWork).toEqual({
      uploads: 1,
      waiting: [job.model],
      ended: 2,
    })
  })
})

describe('on a full disk', () => {
  const fill = (database: PersistentState['database']): void => {
    const [pages] = Object.values(database.prepare('PRAGMA page_count').get() ?? {})
    // SQLite then fails as it does on a full disk.
    database.exec(`PRAGMA max_page_count = ${Number(pages) + 4}`)
  }

  test('an upload is refused, and the error names the folder and the fix', async () => {
    const folder = await temporaryDir()
    const first = await start(folder)
    await put(first.input, 'images/a.png')
    fill(first.persistentState.database)
    const failed = first.persistentState.failed.catch((error: Error) => error.message)
    const body = Buffer.alloc(100_000)
    const upload = (key: string) =>
      fetch(`${first.endpoint.url}/svd-input/${key}`, { method: 'PUT', body }).then(({ status }) => status)
    expect(await upload('images/b.png')).toBe(500)
    expect(await failed).toBe(
      `--data-dir: got '${folder}', and its disk is full; make space there, then start svd local again: accepted uploads and jobs are saved (database or disk is full)`,
    )
    // What the process has in memory is more than the folder has.
    expect(await upload('images/c.png')).toBe(503)
    await first.end()
    const { input } = await start(folder)
    const found = await Promise.all(
      ['a', 'b', 'c'].map((name) => input.head(`images/${name}.png`, unaborted)),
    )
    expect(found.map((info) => info !== null)).toEqual([true, false, false])
  })

  test.each<[string, (state: PersistentState, text: string) => void]>([
    ['an event', ({ events }, text) => events.add([{ ...anEvent(1), event_id: text }], { runs: true })],
    ['the size of an event file', ({ events }, text) => events.noteFileSizeBytes(text, 1)],
    ['a key', ({ keys }, text) => keys('uploads').note(text, 1)],
  ])('%s that cannot be stored ends the pipeline', async (_, write) => {
    const folder = await temporaryDir()
    const { persistentState } = await start(folder)
    fill(persistentState.records)
    expect(() => write(persistentState, 'a'.repeat(100_000))).toThrow('database or disk is full')
    expect(persistentState.findFault()?.message).toContain(
      `--data-dir: got '${folder}', and its disk is full`,
    )
    await expect(persistentState.failed).rejects.toBe(persistentState.findFault())
  })
})
