import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { modelFolder } from '../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { type ModelRecord, modelRecordSchema } from '../../../shared/contracts/model-record.ts'
import { hashFile } from '../../../shared/files/hash-file.ts'
import { ObjectChangedError } from '../../../shared/ports/object-store.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { openModel } from '../../../worker/models/open-model.ts'
import { DEMO_DIR, MIB, type ModelsSetup, modelsSetup, UNET, UNET_KEY } from './a-pushed-model.ts'

const running = (): AbortSignal => new AbortController().signal

const expectWhole = async ({ dir, record }: ModelsSetup): Promise<void> => {
  for (const { path, size_bytes, sha256 } of record.files) {
    expect(await hashFile(join(dir, path), running()), path).toEqual({ sha256, sizeBytes: size_bytes })
  }
  expect((await openCheckpoint(dir)).defaults).toEqual((await openCheckpoint(DEMO_DIR)).defaults)
}

const filesUnder = async (dir: string): Promise<readonly string[]> =>
  (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1))
    .toSorted()

const sizeIn = ({ files }: ModelRecord, path: string): number =>
  files.find((file) => file.path === path)!.size_bytes

/** Requests for all of a model, in parts of 1 MiB. */
const partsOf = ({ files }: ModelRecord): number =>
  files.reduce((parts, { size_bytes }) => parts + Math.ceil(size_bytes / MIB), 0)

const BYTES = { contentType: 'application/octet-stream' }

test('openModel describes a folder and uses it without copying it', async () => {
  const { record } = await modelsSetup()
  const options = { cacheDir: null, variant: 'fp16', openStore: () => expect.unreachable() }
  const model = await openModel(DEMO_DIR, options, running())
  expect(model).toEqual({ dir: DEMO_DIR, variant: 'fp16', record })
})

describe('a model in a bucket', () => {
  test('is fetched completely, in parts, into a folder named by its hash', async () => {
    const setup = await modelsSetup()
    const model = await setup.open()
    expect(model).toEqual({ dir: setup.dir, variant: null, record: setup.record })
    await expectWhole(setup)
    expect(setup.ranges).toHaveLength(partsOf(setup.record))
    expect(partsOf(setup.record)).toBeGreaterThan(setup.record.files.length + 8)
    const paths = setup.record.files.map(({ path }) => path)
    expect(await filesUnder(setup.dir)).toEqual([...paths, 'model.json'].toSorted())
    expect(
      modelRecordSchema.parse(JSON.parse(await readFile(join(setup.dir, 'model.json'), 'utf8'))),
    ).toEqual(setup.record)
  })

  test('is fetched with reports of progress, up to the total', async () => {
    const { open, progress, record } = await modelsSetup()
    await open()
    const totalBytes = record.files.reduce((total, { size_bytes }) => total + size_bytes, 0)
    const fetched = progress.filter(({ phase }) => phase === 'fetch')
    expect(fetched.length).toBeGreaterThan(10)
    expect(fetched.at(-1)).toEqual({ phase: 'fetch', doneBytes: totalBytes, totalBytes })
  })

  test('is not fetched again', async () => {
    const { open, ranges } = await modelsSetup()
    await open()
    ranges.length = 0
    await open()
    expect(ranges).toEqual([])
  })

  test('is fetched once by three simultaneous callers', async () => {
    const setup = await modelsSetup()
    await Promise.all([setup.open(), setup.open(), setup.open()])
    await expectWhole(setup)
    expect(setup.ranges).toHaveLength(partsOf(setup.record))
    expect(setup.progress.filter(({ phase }) => phase === 'wait')).toHaveLength(2)
    expect(await readdir(dirname(setup.dir))).toEqual([setup.record.sha256])
  })

  test('is fetched from the point where an interrupted fetch ended', async () => {
    const setup = await modelsSetup()
    let left = 9
    setup.faults.before = (operation, key) => {
      if (operation === 'readRange' && key === UNET_KEY && left-- === 0)
        throw new Error('the network is gone')
    }
    await expect(setup.open()).rejects.toThrow('the network is gone')
    expect(await filesUnder(setup.dir)).not.toContain(UNET)
    const first = setup.ranges.length
    setup.faults.before = undefined
    await setup.open()
    await expectWhole(setup)
    // Parts that were being fetched when it ended are requested again, eight at most.
    expect(setup.ranges.length).toBeLessThanOrEqual(partsOf(setup.record) + 8)
    expect(setup.ranges.length - first).toBeLessThan(partsOf(setup.record) - 1)
    expect(await readdir(dirname(setup.dir))).toEqual([setup.record.sha256])
  })

  test('is fetched again if the partial file of an interrupted fetch is unusable', async () => {
    const setup = await modelsSetup()
    const partial = join(setup.dir, dirname(UNET), `.${UNET.slice(UNET.indexOf('/') + 1)}.partial`)
    await mkdir(dirname(partial), { recursive: true })
    await writeFile(partial, Buffer.alloc(3 * MIB, 1))
    await setup.open()
    await expectWhole(setup)
    await expect(stat(partial)).rejects.toThrow('ENOENT')
  })

  test.each([
    ['of another size', (bytes: Buffer) => bytes.subarray(1)],
    [
      'of other content',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1)! ^ 1)]),
    ],
  ])('has a file fetched again if it is now %s', async (_, spoil) => {
    const setup = await modelsSetup()
    await setup.open()
    setup.ranges.length = 0
    const file = join(setup.dir, UNET)
    await writeFile(file, spoil(await readFile(file)))
    await setup.open()
    await expectWhole(setup)
    expect(new Set(setup.ranges)).toEqual(new Set([UNET_KEY]))
  })

  test('is verified by sizes alone if the caller requests it', async () => {
    const setup = await modelsSetup()
    await setup.open()
    setup.progress.length = 0
    await setup.open({ verify: 'sizes' })
    expect(setup.progress).toEqual([])
    await rm(join(setup.dir, 'svd.json'))
    await setup.open({ verify: 'sizes' })
    await expectWhole(setup)
  })

  test.each<[string, (setup: ModelsSetup) => Promise<unknown>, string]>([
    [
      'a file is missing',
      ({ store }) => store.delete(UNET_KEY, running()),
      `s3://models-bucket/${UNET_KEY}: is not there, though model.json lists it`,
    ],
    [
      'a file has another size',
      ({ store }) => store.put(UNET_KEY, Buffer.from('short'), BYTES, running()),
      `s3://models-bucket/${UNET_KEY}: has 5 bytes, and by model.json`,
    ],
    [
      'a file has other bytes',
      ({ store, record }) => store.put(UNET_KEY, Buffer.alloc(sizeIn(record, UNET)), BYTES, running()),
      `s3://models-bucket/${UNET_KEY}: its SHA-256 is`,
    ],
    [
      'there is no model.json',
      ({ store }) => store.delete(`${modelFolder('demo')}model.json`, running()),
      's3://models-bucket/models/demo/ has no model.json; put it there with: svd models push DIR',
    ],
    [
      'model.json is not a record',
      ({ store }) => store.put(`${modelFolder('demo')}model.json`, Buffer.from('{}'), BYTES, running()),
      's3://models-bucket/models/demo/model.json: is not a model record',
    ],
    [
      'model.json belongs to another model',
      ({ rewriteRecord }) => rewriteRecord({ model_id: 'other' }),
      'is that of another model, other',
    ],
    [
      'model.json has another sha256 than that of its files',
      ({ store, record }) =>
        store.put(
          `${modelFolder('demo')}model.json`,
          Buffer.from(JSON.stringify({ ...record, variant: null })),
          BYTES,
          running(),
        ),
      'its sha256 is not that of its files',
    ],
  ])('is refused if %s', async (_, spoil, message) => {
    const setup = await modelsSetup()
    await spoil(setup)
    const opening = setup.open()
    await expect(opening).rejects.toThrow(message)
    await expect(opening).rejects.toBeInstanceOf(InvalidInputError)
    expect(await filesUnder(setup.cacheDir)).not.toContain(join('models', setup.record.sha256, UNET))
  })

  test('is refused if model.json lists a path outside its folder', async () => {
    const setup = await modelsSetup()
    const outside = { ...setup.record.files[0]!, path: '../outside.json' }
    await setup.rewriteRecord({ files: [...setup.record.files, outside] })
    await expect(setup.open()).rejects.toThrow('model.json: is not a model record')
    expect(await readdir(setup.cacheDir)).toEqual([])
  })

  test('is not assembled from two contents if a file is replaced during the fetch', async () => {
    const setup = await modelsSetup()
    let parts = 0
    setup.faults.after = async (operation, key) => {
      if (operation !== 'readRange' || key !== UNET_KEY || ++parts !== 2) return
      await setup.store.put(UNET_KEY, Buffer.alloc(sizeIn(setup.record, UNET), 3), BYTES, running())
    }
    await expect(setup.open()).rejects.toThrow(ObjectChangedError)
    expect(await filesUnder(setup.dir)).not.toContain(UNET)
  })

  test('is not fetched if the disk has too little space', async () => {
    const setup = await modelsSetup()
    await expect(setup.open({ freeDiskBytes: async () => 510e6 })).rejects.toThrow(
      `${setup.dir}: the model needs 14.9 MB and 500 MB beside it, and 510 MB are free; free some space`,
    )
    expect(setup.ranges).toEqual([])
  })

  test('is fetched if the disk has the space that is still needed', async () => {
    const setup = await modelsSetup()
    await setup.open()
    await rm(join(setup.dir, 'svd.json'))
    await setup.open({ freeDiskBytes: async () => 501e6 })
    await expectWhole(setup)
  })

  test('is refused if there is no cache folder', async () => {
    const { open } = await modelsSetup()
    await expect(open({ cacheDir: null })).rejects.toThrow('SVD_CACHE_DIR: is empty')
  })

  test('has the variant that was pushed, and no other variant', async () => {
    const { open } = await modelsSetup()
    await expect(open({ variant: 'bf16' })).rejects.toThrow("variant: got 'bf16'")
    expect((await open({ variant: 'fp16' })).variant).toBeNull()
  })

  test('is no longer fetched after an abort', async () => {
    const setup = await modelsSetup()
    const controller = new AbortController()
    setup.faults.after = (operation) => {
      if (operation === 'readRange') controller.abort(new Error('enough'))
    }
    const options = { cacheDir: setup.cacheDir, variant: null, openStore: () => setup.store }
    const opening = openModel('s3://models-bucket/models/demo/', options, controller.signal)
    await expect(opening).rejects.toThrow('enough')
    expect(await readdir(dirname(setup.dir))).not.toContain(`${setup.record.sha256}.lock`)
  })
})

describe('the lock on a model', () => {
  const leaveLock = async (setup: ModelsSetup, owner: object): Promise<string> => {
    const lock = `${setup.dir}.lock`
    await mkdir(lock, { recursive: true })
    await writeFile(join(lock, 'owner.json'), JSON.stringify(owner))
    return lock
  }

  test('is taken over from a process that has ended', async () => {
    const setup = await modelsSetup()
    const { pid } = execa('true')
    await execa('sh', ['-c', `while kill -0 ${pid} 2>/dev/null; do :; done`])
    await leaveLock(setup, { token: 'theirs', pid, host: hostname() })
    await setup.open()
    await expectWhole(setup)
    expect(await readdir(dirname(setup.dir))).toEqual([setup.record.sha256])
  })

  test('is taken over from another machine that has not touched it for minutes', async () => {
    const setup = await modelsSetup()
    const lock = await leaveLock(setup, { token: 'theirs', pid: 1, host: 'elsewhere' })
    const old = new Date(Date.now() - 10 * 60_000)
    await utimes(join(lock, 'owner.json'), old, old)
    await setup.open()
    await expectWhole(setup)
  })

  test('is kept by a process that is alive', async () => {
    const setup = await modelsSetup()
    const lock = await leaveLock(setup, { token: 'theirs', pid: process.pid, host: hostname() })
    const waiting = Promise.withResolvers<void>()
    const opening = setup.open({
      onProgress: ({ phase }) => {
        if (phase === 'wait') waiting.resolve()
      },
    })
    await waiting.promise
    expect(setup.ranges).toEqual([])
    await rm(lock, { recursive: true })
    await opening
    await expectWhole(setup)
  })
})

describe('openModel', () => {
  test.each([
    's3://models-bucket',
    's3://models-bucket/demo/',
    's3://m/models/a/b/',
    's3://M_B/models/demo',
    'https://host/demo',
  ])('refuses the source %s with the required form', async (source) => {
    const options = { cacheDir: null, variant: null, openStore: () => expect.unreachable(), field: '--model' }
    await expect(openModel(source, options, running())).rejects.toThrow(
      `--model: got '${source}'; must be a folder, or s3://BUCKET/models/ID/`,
    )
  })
})
