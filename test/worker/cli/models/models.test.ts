import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { modelRecordKey } from '../../../../shared/contracts/bucket-layout.ts'
import { modelRecordSchema } from '../../../../shared/contracts/model-record.ts'
import type { Services } from '../../../../worker/aws/services.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT, runCommandLine, XT_CONFIGS } from '../a-command-line.ts'
import { fakeServices } from '../fake-services.ts'

const aBucket = () => openMemoryObjectStore({ bucket: 'my-models', now: () => 0 })

/** Services with these buckets and no others. */
const servicesWith = (buckets: readonly MemoryObjectStore[]): Services => ({
  ...fakeServices().services,
  openBucket(name) {
    const found = buckets.find(({ bucket }) => bucket === name)
    if (found === undefined) throw new Error(`${name}: The specified bucket does not exist`)
    return found
  },
})

const PUSH = ['models', 'push', DEMO_CHECKPOINT]
const signal = new AbortController().signal

describe('svd models push', () => {
  test('uploads the checkpoint under the name of its folder, and prints its location', async () => {
    const bucket = aBucket()
    const { exitCode, stdout, stderr } = await runCommandLine([...PUSH, '--bucket', 'my-models'], {
      services: servicesWith([bucket]),
    })
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^s3:\/\/my-models\/models\/demo\/ {2}10 files, 14\.9 MB, sha256 [0-9a-f]{12}\n$/)
    expect(bucket.keys()).toContain('models/demo/model.json')
  })

  test('takes the bucket from SVD_MODELS_BUCKET, and accepts --id and --variant', async () => {
    const bucket = aBucket()
    const options = { services: servicesWith([bucket]), environment: { SVD_MODELS_BUCKET: 'my-models' } }
    const args = [...PUSH, '--id', 'small', '--variant', 'fp16', '--json']
    const { exitCode, stdout } = await runCommandLine(args, options)
    const { source, was_there, model, ...rest } = JSON.parse(stdout)
    expect([exitCode, source, was_there, rest]).toEqual([0, 's3://my-models/models/small/', false, {}])
    expect(modelRecordSchema.parse(model)).toMatchObject({ model_id: 'small', variant: 'fp16' })
  })

  test('reports a model that was already pushed', async () => {
    const options = { services: servicesWith([aBucket()]) }
    await runCommandLine([...PUSH, '--bucket', 'my-models'], options)
    const { exitCode, stdout } = await runCommandLine([...PUSH, '--bucket', 'my-models'], options)
    expect(exitCode).toBe(0)
    expect(stdout).toContain(' (was there already)\n')
  })

  test('shows its progress on a terminal, unless --quiet is given', async () => {
    const options = { services: servicesWith([aBucket()]), terminal: true }
    const { stderr } = await runCommandLine([...PUSH, '--bucket', 'my-models'], options)
    expect(stderr).toContain('hashing [')
    expect(stderr).toContain('uploading [')
    const quiet = await runCommandLine([...PUSH, '--bucket', 'my-models', '--quiet'], options)
    expect(quiet.stderr).toBe('')
  })

  test.each<[string, readonly string[], string]>([
    [
      'a push without a bucket',
      [],
      'error: --bucket: is not given; name the bucket of models, here or as SVD_MODELS_BUCKET',
    ],
    ['an id that is not a valid key', ['--bucket', 'b', '--id', '../x'], "error: --id: got '../x'; must be"],
    [
      'a variant without weights',
      ['--bucket', 'b', '--variant', 'bf16'],
      'variant: unet has no bf16 weights',
    ],
  ])('refuses %s', async (_, args, message) => {
    const { exitCode, stderr } = await runCommandLine([...PUSH, ...args])
    expect(stderr).toContain(message)
    expect(exitCode).toBe(2)
  })

  test('refuses a checkpoint without weights before it uploads anything', async () => {
    const { exitCode, stderr } = await runCommandLine(['models', 'push', XT_CONFIGS, '--bucket', 'b'])
    expect(stderr).toContain('unet: has no weights')
    expect(exitCode).toBe(2)
  })

  test('refuses a folder whose name is not a valid id', async () => {
    const dir = join(await temporaryDir(), 'my model')
    await cp(DEMO_CHECKPOINT, dir, { recursive: true })
    const { exitCode, stderr } = await runCommandLine(['models', 'push', dir, '--bucket', 'b'])
    expect(stderr).toContain("--id: is not given, and the folder's name, 'my model', cannot be one")
    expect(exitCode).toBe(2)
  })

  test('fails for a bucket that does not exist', async () => {
    const { exitCode, stderr } = await runCommandLine([...PUSH, '--bucket', 'gone'], {
      services: servicesWith([]),
    })
    expect(stderr).toContain('error: gone: The specified bucket does not exist')
    expect(exitCode).toBe(1)
  })
})

describe('svd models list', () => {
  test('prints a line for each model, even if its record is broken', async () => {
    const buckets = [aBucket()]
    await runCommandLine([...PUSH, '--bucket', 'my-models'], { services: servicesWith(buckets) })
    await runCommandLine([...PUSH, '--bucket', 'my-models', '--id', 'a-longer-name'], {
      services: servicesWith(buckets),
    })
    await buckets[0]?.put(modelRecordKey('broken'), Buffer.from('{'), { contentType: 'text/plain' }, signal)
    const { exitCode, stdout } = await runCommandLine(['models', 'list', '--bucket', 'my-models'], {
      services: servicesWith(buckets),
    })
    expect(exitCode).toBe(0)
    const [heading, first, broken, demo, ...rest] = stdout.split('\n')
    expect(heading).toMatch(/^id {13}size {5}variant {2}clip by default {5}sha256$/)
    expect(first).toMatch(/^a-longer-name {2}14\.9 MB {2}fp16 {5}192x128, 14 frames {2}[0-9a-f]{12}$/)
    expect(broken).toMatch(/^broken {9}broken {3}s3:\/\/my-models\/models\/broken\/model\.json: /)
    expect(demo).toMatch(/^demo {11}14\.9 MB/)
    expect(rest).toEqual([''])
  })

  test('escapes control characters in the name of a model', async () => {
    const buckets = [aBucket()]
    await buckets[0]?.put(
      'models/\u001b[2J/model.json',
      Buffer.from('{'),
      { contentType: 'text/plain' },
      signal,
    )
    const { stdout } = await runCommandLine(['models', 'list', '--bucket', 'my-models'], {
      services: servicesWith(buckets),
    })
    expect(stdout).not.toContain('\u001b')
    expect(stdout).toContain('\\u001b[2J')
  })

  test('prints the records with --json', async () => {
    const buckets = [aBucket()]
    await runCommandLine([...PUSH, '--bucket', 'my-models'], { services: servicesWith(buckets) })
    const { stdout } = await runCommandLine(['models', 'list', '--bucket', 'my-models', '--json'], {
      services: servicesWith(buckets),
    })
    const { bucket, models } = JSON.parse(stdout)
    expect(bucket).toBe('my-models')
    expect(models.map((model: unknown) => modelRecordSchema.parse(model).model_id)).toEqual(['demo'])
  })

  test('prints how to push a model when the bucket has none', async () => {
    const { exitCode, stdout, stderr } = await runCommandLine(['models', 'list', '--bucket', 'my-models'], {
      services: servicesWith([aBucket()]),
    })
    expect([exitCode, stdout]).toEqual([0, ''])
    expect(stderr).toBe('s3://my-models has no models; put one there with: svd models push DIR\n')
  })
})
