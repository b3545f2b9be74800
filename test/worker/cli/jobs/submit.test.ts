import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { aFailure, aJobMessage, anOutput, aResult, aStatus } from '../../client/tracking/a-job.ts'
import { fakeServices } from '../fake-services.ts'

const signal = new AbortController().signal

const pixels = (format: 'png' | 'jpeg' | 'webp', red = 90): Promise<Buffer> =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: red, g: 60, b: 30 } } })
    .toFormat(format)
    .toBuffer()

const aFolder = async (files: Readonly<Record<string, Uint8Array | string>>) => {
  const folder = await temporaryDir()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), content)
  }
  return { folder, at: (name: string): string => path.join(folder, name) }
}

interface IngestOptions {
  /** What it says of an object, besides which it is. Default: one job, named by the key. */
  readonly says?: (key: string) => Partial<IngestReport>
  /** The sleep from which on it is awake. */
  readonly awakeAt?: number
  readonly afterwards?: (sleep: number) => Promise<void>
}

const jobOf = (key: string, overrides: object = {}) => {
  const { job_id } = aJobMessage({ picture: key })
  return {
    ...{ job_id, item: null, item_id: null, image: key, videos: [] },
    ...{ done_before: false, ...overrides },
  }
}

/** Services with somebody who reports on what is dropped, while the command sleeps. */
const withIngest = ({ says = () => ({}), awakeAt = 1, afterwards = async () => {} }: IngestOptions = {}) => {
  const world = fakeServices({
    async whileAsleep(sleep) {
      if (sleep >= awakeAt) for (const key of world.inputs.keys()) await report(key)
      await afterwards(sleep)
    },
  })
  const report = async (key: string) => {
    const info = await world.inputs.head(key, signal)
    if (info === null || (key.startsWith('images/') && key.endsWith('.json'))) return
    await world.putReport({
      ...{ version: 1, bucket: 'in', key, version_id: null, etag: info.etag, sequencer: null },
      ...{ state: 'accepted', jobs: [jobOf(key)], superseded: [], faults: [], more_faults: 0 },
      ...{ reported_at: '2026-11-24T12:30:01.000Z', ...says(key) },
    })
  }
  return world
}

describe('svd submit PICTURE', () => {
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

  test('puts a list too long for metadata into a sidecar, before the picture', async () => {
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
      'a picture that is cut off',
      async (): Promise<Uint8Array> => (await pixels('png')).subarray(0, 60),
      [],
      /cup\.png: is a damaged/,
    ],
    ['what is no picture', async (): Promise<string> => 'GIF89a', [], /cup\.png: is a GIF/],
    ['an argument out of its range', () => pixels('png'), ['--fps', '0'], /--fps: got 0; must be/],
    ['noise levels that rise', () => pixels('png'), ['--sigmas', '1,2,0'], /--sigmas: got \[1,2,0\]/],
    [
      'steps that contradict the noise levels',
      () => pixels('png'),
      ['--sigmas', 'align-your-steps', '--num-inference-steps', '4'],
      /--num-inference-steps: got 4, and --sigmas is 'align-your-steps', which makes 10 steps; must be 10/,
    ],
    ['a prefix that is no folder', () => pixels('png'), ['--prefix', '../x'], /--prefix: got '..\/x', which/],
    ['pictures for no manifest', () => pixels('png'), ['--images', '.'], /--images: is for the pictures/],
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
    const { at } = await aFolder({ 'cup.png': await pixels('png') })
    const { run } = withIngest({ awakeAt: Number.POSITIVE_INFINITY })
    const { exitCode, stderr } = await run([
      'submit',
      at('cup.png'),
      '--prefix',
      'p',
      '--report-timeout',
      '10s',
      '--quiet',
    ])
    expect(exitCode).toBe(1)
    expect(stderr).toBe(
      `error: ${at('cup.png')}: ingest has not said anything of s3://in/images/p/cup.png within 10s; ` +
        'it is there, and svd status --manifest images/p/cup.png will tell\n',
    )
  })
})

describe('svd submit MANIFEST', () => {
  const manifest = JSON.stringify({ items: [{ image: 'images/a/cup.png' }, { image: 'images/cat.jpg' }] })

  test('uploads it, and tells its jobs once each', async () => {
    const { at } = await aFolder({ 'motion.json': manifest })
    const jobs = [
      jobOf('images/a/cup.png'),
      jobOf('images/cat.jpg', { done_before: true }),
      jobOf('images/a/cup.png'),
    ]
    const { run, inputs } = withIngest({ says: () => ({ jobs }) })
    const { exitCode, stdout } = await run([
      'submit',
      at('motion.json'),
      '--prefix',
      'p',
      '--json',
      '--quiet',
    ])
    expect(exitCode).toBe(0)
    expect(inputs.keys()).toEqual(['manifests/p/motion.json'])
    expect(JSON.parse(stdout).jobs).toEqual([
      {
        ...{ job_id: jobs[0]?.job_id, image: 'images/a/cup.png', videos: [] },
        ...{ done_before: false, job: null, files: [] },
      },
      {
        ...{ job_id: jobs[1]?.job_id, image: 'images/cat.jpg', videos: [] },
        ...{ done_before: true, job: null, files: [] },
      },
    ])
  })

  test("uploads the pictures that it names before it, marked as a manifest's", async () => {
    const { at, folder } = await aFolder({
      'motion.json': manifest,
      'a/cup.png': await pixels('png'),
      'cat.jpg': await pixels('jpeg'),
      'not-named.png': await pixels('png'),
    })
    const { run, inputs } = withIngest()
    expect(await run(['submit', at('motion.json'), '--images', folder, '--prefix', 'p'])).toMatchObject({
      exitCode: 0,
    })
    expect(inputs.writes.map(({ key, metadata }) => [key, metadata])).toEqual([
      ['images/a/cup.png', { 'svd-use': 'manifest' }],
      ['images/cat.jpg', { 'svd-use': 'manifest' }],
      ['manifests/p/motion.json', {}],
    ])
  })

  test.each([
    ['broken JSON', '{"items": [', /motion\.json: document: /],
    ['no items', '{}', /motion\.json: items: is absent/],
    [
      'faults of items, all of them',
      JSON.stringify({
        items: [{ image: 'https://x/y.png' }, { image: 'images/a.png', parameters: { fps: 0 } }],
      }),
      /items\[0\]\.image: got .*, a URL; .*\n.*motion\.json: items\[1\]\.parameters\.fps: got 0; must be/,
    ],
    [
      'steps of its defaults that contradict the sigmas of an item',
      JSON.stringify({
        defaults: { num_inference_steps: 4 },
        items: [{ image: 'images/a.png', grid: { sigmas: ['align-your-steps'] } }],
      }),
      /motion\.json: defaults\.num_inference_steps: got 4, and items\[0\]\.grid\.sigmas is 'align-your-steps', /,
    ],
    [
      'two items of one id',
      JSON.stringify({
        items: [
          { image: 'images/a.png', id: 'cup' },
          { image: 'images/b.png', id: 'cup' },
        ],
      }),
      /motion\.json: items\[1\]\.id: got 'cup', which item 1 has too/,
    ],
    [
      'more clips than a manifest may make',
      JSON.stringify({
        grid: { seed: Array.from({ length: 5_001 }, (_, seed) => seed) },
        items: [{ image: 'images/a.png' }, { image: 'images/b.png' }],
      }),
      /motion\.json: items: make 10002 clips together; at most 10000 are accepted \(svd:maxManifestClips\), so split it/,
    ],
  ])('uploads nothing for %s', async (_, content, message) => {
    const { at } = await aFolder({ 'motion.json': content })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('motion.json')])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(message)
    expect(inputs.keys()).toEqual([])
  })

  test('tells the line of a fault', async () => {
    const { at } = await aFolder({
      'motion.jsonl': '{"image":"images/a.png"}\n\n{"image":"images/b.png","seed":1}\n',
    })
    const { run } = withIngest()
    expect((await run(['submit', at('motion.jsonl')])).stderr).toContain('motion.jsonl: line 3, seed: ')
  })

  test('uploads nothing if a picture that it names is not in the folder', async () => {
    const { at, folder } = await aFolder({ 'motion.json': manifest, 'a/cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('motion.json'), '--images', folder])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `--images: there is no ${at('cat.jpg')}, which the manifest names as images/cat.jpg`,
    )
    expect(inputs.keys()).toEqual([])
  })

  test('takes no parameters besides', async () => {
    const { at } = await aFolder({ 'motion.json': manifest })
    const { run } = withIngest()
    expect((await run(['submit', at('motion.json'), '--fps', '7'])).stderr).toContain(
      'write parameters as its "defaults"',
    )
    expect((await run(['submit', at('motion.json'), '--context', '{"order": 7}'])).stderr).toContain(
      'write it as its "context"',
    )
  })

  test('goes on with what was accepted, and ends with 2, when ingest took only part', async () => {
    const { at } = await aFolder({ 'motion.json': manifest })
    const fault = {
      item: 2,
      line: null,
      item_id: null,
      field: 'items[1].image',
      message: 'there is no such picture',
    }
    const { run } = withIngest({ says: () => ({ state: 'partly', faults: [fault], more_faults: 3 }) })
    const { exitCode, stdout, stderr } = await run(['submit', at('motion.json'), '--quiet'])
    expect(exitCode).toBe(2)
    expect(stdout).toMatch(/^[0-9a-f]{32} {2}s3:/)
    expect(stderr).toContain('items[1].image: there is no such picture\n')
    expect(stderr).toContain('3 more faults\n')
  })
})

describe('svd submit --wait', () => {
  const aSubmission = async (end: 'succeeds' | 'fails') => {
    const { at, folder } = await aFolder({ 'cup.png': await pixels('png') })
    const picture = 'images/p/cup.png'
    const { job_id: jobId } = aJobMessage({ picture })
    const world = withIngest({
      async afterwards(sleep) {
        if (sleep === 1) await world.putStatus(aStatus({ picture }))
        if (sleep !== 2) return
        const output = anOutput(jobId)
        await world.put(output.video.key, new TextEncoder().encode('video'), 'video/mp4')
        await world.putResult(
          end === 'succeeds' ? aResult({ picture }) : aFailure({ reason: 'black' }, { picture }),
        )
      },
    })
    const run = (...args: readonly string[]) => world.run(['submit', at('cup.png'), '--prefix', 'p', ...args])
    return { world, run, jobId, folder }
  }

  test('ends when the jobs are done', async () => {
    const { run } = await aSubmission('succeeds')
    const { exitCode, stdout } = await run('--wait')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\n1 succeeded\n$/)
  })

  test('fails if a job did', async () => {
    const { run } = await aSubmission('fails')
    const { exitCode, stdout } = await run('--wait')
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/failed .*black\n/)
  })

  test('--download fetches the videos, whole or not at all', async () => {
    const { run, jobId, folder } = await aSubmission('succeeds')
    const videos = path.join(folder, 'videos')
    const { exitCode, stdout } = await run('--download', videos)
    const file = path.join(videos, `cup-${jobId.slice(0, 8)}.mp4`)
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`${file}\n`)
    expect(await readFile(file, 'utf8')).toBe('video')
    expect(await readdir(videos)).toHaveLength(1)
  })

  test('--download keeps nothing of a video that is not what its record says', async () => {
    const { world, run, folder } = await aSubmission('succeeds')
    const put = world.put
    Object.assign(world, {
      put: (key: string, bytes: Uint8Array, type?: string) =>
        put(key, key.endsWith('.mp4') ? new TextEncoder().encode('other') : bytes, type),
    })
    const videos = path.join(folder, 'videos')
    const { exitCode, stderr } = await run('--download', videos)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/video\.mp4: has SHA-256 .*, not .* as its record says/)
    expect(await readdir(videos)).toEqual([])
  })

  test('--json has these keys, and nothing else is on stdout', async () => {
    const { run, jobId } = await aSubmission('succeeds')
    const report = JSON.parse((await run('--wait', '--json')).stdout)
    expect(Object.keys(report)).toEqual(['drops', 'jobs'])
    expect(Object.keys(report.drops[0])).toEqual(['file', 'key', 'report'])
    expect(Object.keys(report.jobs[0])).toEqual(['job_id', 'image', 'videos', 'done_before', 'job', 'files'])
    expect(report.jobs[0]).toMatchObject({ job_id: jobId, job: { state: 'succeeded' } })
  })
})
