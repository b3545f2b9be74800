import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { aJpeg, aPng } from '../../../fixtures/images.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { withRealIngest } from './with-real-ingest.ts'

const aFolder = async (files: Readonly<Record<string, Uint8Array | string>>) => {
  const folder = await temporaryDir()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), content)
  }
  return folder
}

test('svd submit creates a job with the arguments that were typed', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const { run, queued } = withRealIngest()
  const { exitCode, stdout, stderr } = await run([
    ...['submit', path.join(folder, 'cup.png'), '--quiet', '--seed', '18446744073709551615', '--fit', 'crop'],
    ...['--sigmas', '700,15.6,0.5,0', '--decode-chunk-size', '4', '--decode-overlap', '2', '--fps', '12'],
  ])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const [job] = queued()
  expect(job?.parameters).toMatchObject({
    ...{ seed: '18446744073709551615', fit: 'crop', sigmas: [700, 15.6, 0.5, 0] },
    ...{ decode_chunk_size: 4, decode_overlap: 2, fps: 12 },
  })
  expect(stdout).toMatch(new RegExp(`^${job?.job_id}  s3://out/jobs/${job?.job_id}/result.json  images/`))
})

test('svd submit creates a job with the formats that were typed', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const { run, queued } = withRealIngest()
  const formats = ['--format', 'gif', '--format', 'webm,mp4', '--crf', '30', '--loop']
  const { exitCode, stderr } = await run(['submit', path.join(folder, 'cup.png'), '--quiet', ...formats])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(queued()[0]?.parameters).toMatchObject({ format: ['mp4', 'webm', 'gif'], crf: 30, loop: true })
})

test('svd submit --seeds creates a job for each image and seed, with the other arguments', async () => {
  const folder = await aFolder({ 'cup.png': await aPng(), 'jug.png': await aPng({ seed: 3 }) })
  const { run, queued } = withRealIngest()
  const files = ['cup.png', 'jug.png'].map((name) => path.join(folder, name))
  const { exitCode, stdout } = await run([
    ...[
      'submit',
      ...files,
      '--prefix',
      'p',
      '--quiet',
      '--seeds',
      '1..2,18446744073709551615',
      '--fps',
      '12',
    ],
  ])
  expect(exitCode).toBe(0)
  const asked = queued().map(({ image, parameters: { seed, fps } }) => [image.source_key, seed, fps])
  expect(asked.toSorted()).toEqual([
    ['images/p/cup.png', 1, 12],
    ['images/p/cup.png', '18446744073709551615', 12],
    ['images/p/cup.png', 2, 12],
    ['images/p/jug.png', 1, 12],
    ['images/p/jug.png', '18446744073709551615', 12],
    ['images/p/jug.png', 2, 12],
  ])
  expect(stdout.trim().split('\n')).toHaveLength(6)
})

test('svd submit --seeds with one seed creates the same job as --seed', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const list = withRealIngest()
  await list.run(['submit', path.join(folder, 'cup.png'), '--prefix', 'p', '--seeds', '7'])
  const single = withRealIngest()
  await single.run(['submit', path.join(folder, 'cup.png'), '--prefix', 'p', '--seed', '7'])
  expect(list.queued().map(({ job_id }) => job_id)).toEqual(single.queued().map(({ job_id }) => job_id))
})

test('svd submit --seed random prints the seed that it drew, and the job has that seed', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const { run, queued } = withRealIngest()
  const { stderr } = await run(['submit', path.join(folder, 'cup.png'), '--seed', 'random'])
  const [, seed] = /^seed (\d+) was drawn; /m.exec(stderr) ?? []
  expect(queued().map(({ parameters }) => String(parameters.seed))).toEqual([seed])
})

const LARGE = { width: 6000, height: 4200, channels: 3, background: { r: 200, g: 90, b: 30 } } as const

test('svd submit scales down an image with too many pixels, upright, and prints this on stderr', async () => {
  // Orientation 6: the image is rotated by 90 degrees.
  const bytes = await sharp({ create: LARGE }).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  const folder = await aFolder({ 'sea.jpg': bytes })
  const { run, queued } = withRealIngest()
  const { exitCode, stderr } = await run(['submit', path.join(folder, 'sea.jpg'), '--quiet'])
  expect(exitCode).toBe(0)
  expect(stderr.split('\n')).toEqual([
    `${path.join(folder, 'sea.jpg')}: 4200x6000 pixels are more than ingest takes; ` +
      'uploads it scaled down to 4183x5976',
    expect.stringMatching(
      /^warning: .*sea\.jpg: the image is stretched 2\.86-fold, from 4183x5976 to 64x32; /,
    ),
    '',
  ])
  expect(queued().map(({ image }) => image)).toMatchObject([{ width: 4183, height: 5976 }])
})

test('svd submit scales down an image of a manifest, and keeps its key', async () => {
  const folder = await aFolder({
    'motion.json': JSON.stringify({ items: [{ image: 'images/sea.png' }] }),
    'sea.png': await sharp({ create: LARGE }).png().toBuffer(),
  })
  const { run, queued } = withRealIngest()
  const { exitCode, stderr } = await run([
    ...['submit', path.join(folder, 'motion.json'), '--images', folder, '--quiet'],
  ])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('to 5976x4183\n') })
  expect(queued().map(({ image }) => image)).toMatchObject([
    { source_key: 'images/sea.png', width: 5976, height: 4183 },
  ])
})

test('svd submit sends a list that is too long for metadata to ingest', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const { run, queued } = withRealIngest()
  const sigmas = Array.from({ length: 600 }, (_, index) => 700 - index)
  await run(['submit', path.join(folder, 'cup.png'), '--quiet', '--sigmas', sigmas.join(',')])
  expect(queued().map(({ parameters }) => parameters.sigmas)).toEqual([sigmas])
})

test('svd submit MANIFEST --images creates the jobs of the manifest, and none for the images themselves', async () => {
  const folder = await aFolder({
    'motion.json': JSON.stringify({
      grid: { motion_bucket_id: [40, 127] },
      items: [{ image: 'images/a/cup.png' }, { image: 'images/cat.jpg' }],
    }),
    'a/cup.png': await aPng(),
    'cat.jpg': await aJpeg({ seed: 1 }),
  })
  const { run, queued } = withRealIngest()
  const { exitCode } = await run(['submit', path.join(folder, 'motion.json'), '--images', folder, '--quiet'])
  expect(exitCode).toBe(0)
  expect(queued().map(({ image, parameters }) => [image.source_key, parameters.motion_bucket_id])).toEqual([
    ['images/a/cup.png', 40],
    ['images/a/cup.png', 127],
    ['images/cat.jpg', 40],
    ['images/cat.jpg', 127],
  ])
})

test('svd submit prints the key that raises the limit when ingest rejects too much work', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const { run, queued } = withRealIngest()
  const largest = ['--num-frames', '4096', '--width', '8192', '--height', '8192']
  const { exitCode, stderr } = await run(['submit', path.join(folder, 'cup.png'), '--quiet', ...largest])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(
    /^error: .*cup\.png: svd-num-frames: the clip makes a work of .* svd:maxJobWork of the/,
  )
  expect(queued()).toEqual([])
})

test('a manifest in NFC matches files in NFD, and two spellings of one image make one job', async () => {
  const [nfc, nfd] = ['caf\u00e9', 'cafe\u0301']
  const folder = await aFolder({
    'motion.JSON': JSON.stringify({
      items: [
        { image: `images/${nfc}/${nfc}.png` },
        { image: `images/${nfd}/${nfd}.png`, id: 'the same' },
        { image: 'images/cat.jpg' },
      ],
    }),
    [`${nfd}/${nfd}.png`]: await aPng(),
    'cat.JPG': await aJpeg({ seed: 1 }),
  })
  const { run, queued } = withRealIngest()
  const result = await run(['submit', path.join(folder, 'motion.JSON'), '--images', folder, '--quiet'])
  expect(result).toMatchObject({ exitCode: 0, stderr: '' })
  expect(queued().map(({ image }) => image.source_key)).toEqual([
    `images/${nfc}/${nfc}.png`,
    'images/cat.jpg',
  ])
})

test.each([
  ['a.Png', ['a.PNG', 'a.png'], /'a\.PNG' and 'a\.png' in .* images\/a\.Png; keep one/],
  [
    'caf\u00e9.png',
    ['caf\u00e9.png', 'cafe\u0301.png'],
    /'cafe\u0301\.png' \(in Unicode form NFD\) and .* keep one/,
  ],
] as const)(
  'svd submit refuses the image name %s, which matches two files, and names both',
  async (name, files, message) => {
    const folder = await aFolder({
      'motion.json': JSON.stringify({ items: [{ image: `images/${name}` }] }),
      ...Object.fromEntries(await Promise.all(files.map(async (file, seed) => [file, await aPng({ seed })]))),
    })
    const { run, queued } = withRealIngest()
    const result = await run(['submit', path.join(folder, 'motion.json'), '--images', folder, '--quiet'])
    expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) })
    expect(queued()).toEqual([])
  },
)

test('svd submit prints a fault that ingest finds with the record of the checkpoint', async () => {
  const folder = await aFolder({ 'cup.png': await aPng() })
  const { run, queued } = withRealIngest()
  const file = path.join(folder, 'cup.png')
  const { exitCode, stderr } = await run(['submit', file, '--quiet', '--decode-overlap', '200'])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/^error: .*cup\.png: svd-decode-overlap: got 200; must be smaller than/)
  expect(queued()).toEqual([])
})
