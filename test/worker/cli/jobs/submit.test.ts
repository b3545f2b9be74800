import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { aFolder, jobOf, pixels, signal, withIngest } from './with-ingest.ts'

describe('svd submit IMAGE', () => {
  test('uploads the image with its parameters, and prints the job and the key of its result', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    const { exitCode, stdout, stderr } = await run([
      'submit',
      at('cup.png'),
      '--prefix',
      'mine',
      '--motion-bucket-id',
      '60',
      '--seed',
      '12345678901234567890',
    ])
    const { job_id } = jobOf('images/mine/cup.png')
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `${job_id}  s3://out/jobs/${job_id}/result.json  images/mine/cup.png\n`,
    })
    expect(stderr).toBe(`${at('cup.png')} is at s3://in/images/mine/cup.png\n`)
    expect(inputs.writes).toMatchObject([
      {
        key: 'images/mine/cup.png',
        contentType: 'image/png',
        metadata: { 'svd-motion-bucket-id': '60', 'svd-seed': '12345678901234567890' },
      },
    ])
    expect(Buffer.from(inputs.writes[0]?.bytes ?? [])).toEqual(await readFile(at('cup.png')))
  })

  test('requests clips without metadata only when --no-metadata is given', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    await run(['submit', at('cup.png'), '--no-metadata'])
    await run(['submit', at('cup.png')])
    expect(inputs.writes.map(({ metadata }) => metadata)).toEqual([{ 'svd-metadata': 'false' }, {}])
  })

  test('uploads each time into a new folder, whose name begins with the time', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    await run(['submit', at('cup.png')])
    await run(['submit', at('cup.png')])
    const [first, second] = inputs.keys()
    expect(first).toMatch(/^images\/20261124T123000Z-[0-9a-f]{6}\/cup\.png$/)
    expect(second).not.toBe(first)
  })

  test('gives files of the same name different keys, and adds the extension of the real format', async () => {
    const { at } = await aFolder({
      'a/cup.png': await pixels('png'),
      'b/cup.png': await pixels('png', 91),
      'c/cup.PNG': await pixels('png', 93),
      'photo.jpg': await pixels('webp'),
      'no-ending': await pixels('jpeg'),
      'back\\slash.JPG': await pixels('jpeg', 92),
    })
    const { run, inputs } = withIngest()
    const files = ['a/cup.png', 'b/cup.png', 'c/cup.PNG', 'photo.jpg', 'no-ending', 'back\\slash.JPG'].map(at)
    expect(await run(['submit', ...files, '--prefix', 'p'])).toMatchObject({ exitCode: 0 })
    expect(inputs.keys()).toEqual([
      'images/p/2/cup.png',
      'images/p/3/cup.PNG',
      'images/p/back_slash.JPG',
      'images/p/cup.png',
      'images/p/no-ending.jpeg',
      'images/p/photo.jpg.webp',
    ])
  })

  test('uploads a list that is too long for metadata as a sidecar, before the image', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    const sigmas = Array.from({ length: 500 }, (_, index) => 700 - index)
    await run(['submit', at('cup.png'), '--prefix', 'p', '--seed', '7', '--sigmas', sigmas.join(',')])
    expect(inputs.writes.map(({ key }) => key)).toEqual(['images/p/cup.png.json', 'images/p/cup.png'])
    expect(JSON.parse(Buffer.from(inputs.writes[0]?.bytes ?? []).toString())).toEqual({
      parameters: { seed: '7', sigmas },
    })
  })

  test.each([
    [
      'a truncated image',
      async (): Promise<Uint8Array> => (await pixels('png')).subarray(0, 60),
      [],
      /cup\.png: is a damaged/,
    ],
    ['a GIF', async (): Promise<string> => 'GIF89a', [], /cup\.png: is a GIF/],
    ['an argument out of its range', () => pixels('png'), ['--fps', '0'], /--fps: got 0; must be/],
    ['increasing sigmas', () => pixels('png'), ['--sigmas', '1,2,0'], /--sigmas: got \[1,2,0\]/],
    [
      'steps that contradict the sigmas',
      () => pixels('png'),
      ['--sigmas', 'align-your-steps', '--num-inference-steps', '4'],
      /--num-inference-steps: got 4, and --sigmas is 'align-your-steps', which makes 10 steps; must be 10/,
    ],
    [
      'a --prefix that leaves the folder',
      () => pixels('png'),
      ['--prefix', '../x'],
      /--prefix: got '..\/x', which/,
    ],
    ['--images without a manifest', () => pixels('png'), ['--images', '.'], /--images: is for the images/],
  ] as const)('uploads nothing for %s', async (_, content, args, message) => {
    const { at } = await aFolder({ 'good.png': await pixels('png'), 'cup.png': await content() })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('good.png'), at('cup.png'), ...args])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(message)
    expect(inputs.keys()).toEqual([])
  })

  test('uploads nothing when the output bucket cannot be read', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs, services } = withIngest()
    const openBucket = (bucket: string): ObjectStore => {
      const store = services.openBucket(bucket)
      if (bucket !== 'out') return store
      return {
        ...store,
        async read() {
          throw new Error('s3://out: there is no such bucket')
        },
      }
    }
    const args = ['submit', at('cup.png')]
    const { exitCode, stderr } = await run(args, { services: { ...services, openBucket } })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('s3://out: there is no such bucket'),
    })
    expect(inputs.keys()).toEqual([])
  })

  test('refuses to replace another image that has the same key', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    await inputs.put('images/p/cup.png', await pixels('png', 200), { contentType: 'image/png' }, signal)
    const { exitCode, stderr } = await run(['submit', at('cup.png'), '--prefix', 'p'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      's3://in/images/p/cup.png is there already, and is another; choose another --prefix',
    )
    expect(inputs.writes).toHaveLength(1)
  })

  test('repeats a submit without a second upload, and refuses other parameters for the same key', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    await run(['submit', at('cup.png'), '--prefix', 'p', '--seed', '7'])
    expect(await run(['submit', at('cup.png'), '--prefix', 'p', '--seed', '7'])).toMatchObject({
      exitCode: 0,
    })
    expect(await run(['submit', at('cup.png'), '--prefix', 'p', '--seed', '8'])).toMatchObject({
      exitCode: 2,
    })
    expect(inputs.writes).toHaveLength(1)
  })

  test('ignores a report on an earlier upload of the same key', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, putReport } = withIngest({ awakeAt: 3 })
    await putReport({
      ...{ version: 1, bucket: 'in', key: 'images/p/cup.png', version_id: null, etag: '"other"' },
      ...{ sequencer: null, state: 'rejected', jobs: [], superseded: [], faults: [], more_faults: 0 },
      reported_at: '2026-11-23T12:00:00.000Z',
    })
    expect(await run(['submit', at('cup.png'), '--prefix', 'p'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('images/p/cup.png\n'),
    })
  })

  test('prints the faults that ingest found, and exits with 2', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const fault = {
      item: null,
      line: null,
      item_id: null,
      field: 'svd-decode-overlap',
      message: 'got 20; must be smaller',
    }
    const { run } = withIngest({ says: () => ({ state: 'rejected', jobs: [], faults: [fault] }) })
    const { exitCode, stdout, stderr } = await run(['submit', at('cup.png'), '--quiet'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toBe(`error: ${at('cup.png')}: svd-decode-overlap: got 20; must be smaller\n`)
  })

  test('prints the jobs that a later sidecar superseded', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const superseded = [{ job_id: 'f'.repeat(32), outcome: 'cancelled' as const }]
    const { run } = withIngest({ says: () => ({ superseded }) })
    const { exitCode, stdout } = await run(['submit', at('cup.png'), '--quiet'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`\n${'f'.repeat(32)}  superseded by a later upload: asked to stop\n`)
  })

  test('fails when ingest writes no report within --report-timeout', async () => {
    const { at } = await aFolder({ 'my cup.png': await pixels('png') })
    const { run } = withIngest({ awakeAt: Number.POSITIVE_INFINITY })
    const { exitCode, stderr } = await run([
      'submit',
      at('my cup.png'),
      '--prefix',
      'p',
      '--report-timeout',
      '10s',
      '--quiet',
    ])
    expect(exitCode).toBe(1)
    expect(stderr).toBe(
      `error: ${at('my cup.png')}: no ingest report of s3://in/images/p/my cup.png within 10s; ` +
        "the upload is there, and npx svd status --manifest 'images/p/my cup.png' shows its jobs\n",
    )
  })
})
