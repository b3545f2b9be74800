import { describe, expect, test } from 'vitest'
import type { MessageQueue } from '../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type Check, fail, ok } from '../../../worker/preflight/check.ts'
import { checkWorker, type WorkerToCheck } from '../../../worker/preflight/check-worker.ts'
import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { DEMO_DIR, demoRecord } from '../models/a-pushed-model.ts'
import { aMachine } from './a-machine.ts'

const now = (): number => 0
const signal = new AbortController().signal

/** A store that behaves like S3, apart from the changes. */
const aStore = (changes: Partial<ObjectStore> = {}): ObjectStore => ({
  ...openMemoryObjectStore({ bucket: 'outputs', now }),
  ...changes,
})

/** A store that ignores conditions, like the embedded endpoint: it overwrites an existing object. */
const aStoreWithoutConditions = (): ObjectStore => {
  const store = aStore()
  return {
    ...store,
    async create(key, body, options, signal) {
      await store.put(key, body, options, signal)
      return true
    },
  }
}

/** A store that handles the second write of a key wrongly, or only reports it wrongly. */
const aStoreThat = (lies: 'overwrites in silence' | 'says that it overwrote'): ObjectStore => {
  const store = aStore()
  return {
    ...store,
    async create(key, body, options, signal) {
      const isNew = await store.create(key, body, options, signal)
      if (isNew || lies === 'says that it overwrote') return true
      await store.put(key, body, options, signal)
      return false
    },
  }
}

const aQueue = (changes: Partial<MessageQueue> = {}): MessageQueue => ({
  ...openMemoryMessageQueue({ url: 'memory:jobs', now }),
  ...changes,
})

const check = async (changes: Partial<WorkerToCheck> = {}) => {
  const checks: Check[] = []
  const record = await demoRecord()
  const opened: string[] = []
  const checking = checkWorker(
    {
      machine: aMachine(),
      checkDevice: async () => ({ name: 'device', ...ok('NVIDIA A10G') }),
      scratchDir: '/scratch',
      outputs: aStore(),
      queue: aQueue(),
      now: () => new Date(now()),
      readQueueSettings: async () => ({ maxReceiveCount: 50 }),
      modelSource: 'models/demo',
      async openModel(source) {
        opened.push(source)
        return { dir: DEMO_DIR, variant: null, record }
      },
      onCheck: (check) => checks.push(check),
      ...changes,
    },
    signal,
  )
  const result = await checking.then(
    (model) => ({ model, message: '' }),
    (error: Error) => ({ model: null, message: error.message }),
  )
  return { ...result, checks, opened, of: (name: string) => checks.find((check) => check.name === name) }
}

describe('a starting worker', () => {
  test('runs all preflight checks in order and opens its model', async () => {
    const { model, checks } = await check()
    expect(model?.dir).toBe(DEMO_DIR)
    expect(checks.map(({ name, status }) => [name, status])).toEqual([
      ['node', 'ok'],
      ['onnxruntime', 'ok'],
      ['ffmpeg', 'ok'],
      ['memory', 'ok'],
      ['device', 'ok'],
      ['scratch', 'ok'],
      ['outputs', 'ok'],
      ['queue', 'ok'],
      ['model', 'ok'],
    ])
    expect(checks.slice(5).map(({ found }) => found)).toEqual([
      '100 GB free in /scratch',
      's3://outputs writes, reads, and honours If-None-Match',
      'memory:jobs: 0 waiting, 0 in flight, 0 delayed; given up after 50 deliveries',
      `demo, 10 files of 14.9 MB, sha256 ${(await demoRecord()).sha256.slice(0, 12)}, in ${DEMO_DIR}`,
    ])
  })

  test.each<[string, Partial<WorkerToCheck>, string]>([
    [
      'an ONNX Runtime that does not load',
      { machine: aMachine({ onnxRuntime: () => Promise.reject(new Error('cannot open shared object')) }) },
      'fail  onnxruntime   cannot open shared object\n',
    ],
    [
      'no ffmpeg',
      { machine: aMachine({ ffmpeg: () => Promise.reject(new Error('no ffmpeg')) }) },
      'fail  ffmpeg        no ffmpeg\n                    fix: install ffmpeg and set FFMPEG_PATH to it',
    ],
    [
      'too little memory',
      { machine: aMachine({ availableMemoryBytes: async () => 5e8 }) },
      'fail  memory        500 MB of 64.0 GB',
    ],
    [
      'a GPU that cannot be used',
      { checkDevice: async () => ({ name: 'device', ...fail('SVD_DEVICE: got cuda, but', 'a fix') }) },
      'fail  device        SVD_DEVICE: got cuda, but\n                    fix: a fix',
    ],
    [
      'a full disk',
      { machine: aMachine({ freeDiskBytes: async () => 5e6 }) },
      'fail  scratch       5.00 MB free',
    ],
    [
      'a scratch folder that cannot be written to',
      { machine: aMachine({ tryWriting: () => Promise.reject(new Error('EROFS: read-only file system')) }) },
      'fail  scratch       EROFS: read-only file system\n                    fix: choose a folder',
    ],
    [
      'a bucket that does not exist',
      { outputs: aStore({ create: () => Promise.reject(new Error('The specified bucket does not exist')) }) },
      'fail  outputs       The specified bucket does not exist',
    ],
    [
      'a clock that is an hour behind the clock of S3',
      { now: () => new Date(now() - 3_600_000) },
      "fail  outputs       the clocks of s3://outputs and of this machine differ by 60 minutes\n                    fix: set this machine's clock",
    ],
    [
      'a store that ignores If-None-Match',
      { outputs: aStoreWithoutConditions() },
      'fail  outputs       s3://outputs ignores If-None-Match: two workers with one job may both publish it',
    ],
    [
      'a store that overwrites an object and reports a conflict',
      { outputs: aStoreThat('overwrites in silence') },
      'fail  outputs       s3://outputs ignores If-None-Match',
    ],
    [
      'a store that reports an overwrite without one',
      { outputs: aStoreThat('says that it overwrote') },
      'fail  outputs       s3://outputs ignores If-None-Match',
    ],
    [
      'a store that reports a new key as existing',
      { outputs: aStore({ create: async () => false }) },
      'fail  outputs       s3://outputs says that probes/',
    ],
    [
      'a queue that cannot be reached',
      { queue: aQueue({ depth: () => Promise.reject(new Error('connect ECONNREFUSED')) }) },
      'fail  queue         connect ECONNREFUSED',
    ],
    [
      'a queue with maxReceiveCount 1',
      { readQueueSettings: async () => ({ maxReceiveCount: 1 }) },
      'given up after 1 deliveries\n                    fix: give the queue a dead-letter queue with maxReceiveCount 50',
    ],
  ])('ends before it opens a model when it finds %s', async (_, changes, message) => {
    const result = await check(changes)
    expect(result.message).toContain('this machine cannot take jobs:\n')
    expect(result.message).toContain(message)
    expect(result.opened).toEqual([])
  })

  test('gets a warning for a queue with maxReceiveCount 5', async () => {
    const { of } = await check({ readQueueSettings: async () => ({ maxReceiveCount: 5 }) })
    expect(of('queue')).toMatchObject({
      status: 'warn',
      fix: 'give the queue a dead-letter queue with maxReceiveCount 50',
    })
  })

  test('ends when its model cannot be opened', async () => {
    const openModel = () => Promise.reject(new Error('unet/config.json: is missing'))
    const { message, checks } = await check({ openModel })
    expect(message).toContain('fail  model         unet/config.json: is missing')
    expect(checks.at(-1)?.status).toBe('fail')
  })

  test('reports all failed checks in one error', async () => {
    const machine = aMachine({ freeDiskBytes: async () => 5e6, availableMemoryBytes: async () => 1 })
    const { message } = await check({ machine, outputs: aStoreWithoutConditions() })
    expect(message.match(/^fail/gm)).toHaveLength(3)
  })
})

describe('a worker starts with a warning', () => {
  test('when the store ignores If-None-Match and conditional writes are optional', async () => {
    const { model, of } = await check({
      outputs: aStoreWithoutConditions(),
      conditionalWrites: 'optional',
    })
    expect(model).not.toBeNull()
    expect(of('outputs')).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('conditional writes'),
    })
  })

  test('when the queue has no dead-letter queue', async () => {
    const { model, of } = await check({ readQueueSettings: async () => ({ maxReceiveCount: null }) })
    expect(model).not.toBeNull()
    expect(of('queue')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('no dead-letter queue'),
    })
  })
})

test('the queue check reads only the depth of a queue whose settings are unavailable', async () => {
  const { of } = await check({ readQueueSettings: null })
  expect(of('queue')).toMatchObject({ status: 'ok', found: expect.stringContaining('was not checked') })
})

test('the store check removes its probe, and passes when it may not delete the probe', async () => {
  const store = openMemoryObjectStore({ bucket: 'outputs', now })
  await check({ outputs: store })
  expect(store.keys()).toEqual([])
  const denied = { ...store, delete: () => Promise.reject(new Error('AccessDenied')) }
  expect((await check({ outputs: denied })).of('outputs')?.status).toBe('ok')
  expect(store.keys()).toEqual([expect.stringMatching(/^probes\//)])
})
