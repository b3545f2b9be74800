import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { aFolder, jobOf, pixels, signal, withIngest } from './with-ingest.ts'

describe('svd submit IMAGE', () => {
  test('uploads it with its parameters, and tells the job and where its result will be', async () => {
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

  test('asks for clips without metadata by --no-metadata, and says nothing of it otherwise', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    await run(['submit', at('cup.png'), '--no-metadata'])
    await run(['submit', at('cup.png')])
    expect(inputs.writes.map(({ metadata }) => metadata)).toEqual([{ 'svd-metadata': 'false' }, {}])
  })

  test('gives each submit a folder of its own, by the time', async () => {
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    await run(['submit', at('cup.png')])
    await run(['submit', at('cup.png')])
    const [first, second] = inputs.keys()
    expect(first).toMatch(/^images\/20261124T123000Z-[0-9a-f]{6}\/cup\.png$/)
    expect(second).not.toBe(first)
  })

  test('keeps files of one name apart, and gives each the ending of what it is', async () => {
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

  test('puts a list too long for metadata into a sidecar, before the image', async () => {
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
      'an image that is cut off',
      async (): Promise<Uint8Array> => (await pixels('png')).subarray(0, 60),
      [],
      /cup\.png: is a damaged/,
    ],
    ['what is no image', async (): Promise<string> => 'GIF89a', [], /cup\.png: is a GIF/],
    ['an argument out of its range', () => pixels('png'), ['--fps', '0'], /--fps: got 0; must be/],
    ['noise levels that rise', () => pixels('png'), ['--sigmas', '1,2,0'], /--sigmas: got \[1,2,0\]/],
    [
      'steps that contradict the noise levels',
      () => pixels('png'),
      ['--sigmas', 'align-your-steps', '--num-inference-steps', '4'],
      /--num-inference-steps: got 4, and --sigmas is 'align-your-steps', which makes 10 steps; must be 10/,
    ],
    ['a prefix that is no folder', () => pixels('png'), ['--prefix', '../x'], /--prefix: got '..\/x', which/],
    ['images for no manifest', () => pixels('png'), ['--images', '.'], /--images: is for the images/],
  ] as const)('uploads nothing for %s', async (_, content, args, message) => {
    const { at } = await aFolder({ 'good.png': await pixels('png'), 'cup.png': await content() })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('good.png'), at('cup.png'), ...args])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(message)
    expect(inputs.keys()).toEqual([])
  })

  test('uploads nothing if the output bucket cannot be read', async () => {
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

  test('writes over nothing', async () => {
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

  test('completes a submit that was interrupted', async () => {
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

  test('does not believe a report on what lay under its key before', async () => {
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

  test('says what ingest found wrong', async () => {
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

  test('fails when ingest says nothing in time', async () => {
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
