import { copyFile, rm } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aClipMetadata } from '../../../fixtures/a-clip-metadata.ts'
import { aJpeg } from '../../../fixtures/images.ts'
import { aFailure } from '../../../fixtures/job-records.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aClipFile } from '../../video/a-clip-file.ts'
import { aFolder } from './with-ingest.ts'
import { withRealIngest } from './with-real-ingest.ts'

/** A job of `cup.jpg`, submitted with these options. */
const withJob = async (...args: readonly string[]) => {
  const image = await aJpeg({ seed: 1 })
  const { at } = await aFolder({ 'cup.jpg': image, 'other.jpg': await aJpeg({ seed: 2 }) })
  const setup = withRealIngest()
  const submitted = await setup.run([
    'submit',
    at('cup.jpg'),
    '--quiet',
    '--fps',
    '12',
    '--seed',
    '3',
    ...args,
  ])
  expect(submitted).toMatchObject({ exitCode: 0 })
  const [job] = setup.queued()
  if (job === undefined) throw new Error('no job was queued')
  const rerun = (...changes: readonly string[]) => setup.run(['rerun', job.job_id.slice(0, 8), ...changes])
  return { ...setup, at, job, rerun }
}

describe('svd rerun', () => {
  test('submits a job with the same image and parameters, except for the given changes', async () => {
    const { rerun, queued, job } = await withJob('--motion-bucket-id', '60', '--fit', 'crop')
    const { exitCode, stdout, stderr } = await rerun('--seed', '7', '--prefix', 'again')
    const [, made, ...others] = queued()
    expect({ exitCode, others }).toEqual({ exitCode: 0, others: [] })
    expect(made?.parameters).toEqual({ ...job.parameters, seed: 7 })
    expect(made?.image).toEqual({ ...job.image, source_key: 'images/again/cup.png' })
    expect(made?.job_id).not.toBe(job.job_id)
    expect(stdout).toContain(
      `${made?.job_id}  s3://out/jobs/${made?.job_id}/result.json  images/again/cup.png`,
    )
    expect(stderr).toContain('cup.png is at s3://in/images/again/cup.png\n')
  })

  test('submits no new job without changes, and prints the state of the existing job', async () => {
    const { rerun, queued, job, putResult } = await withJob()
    expect((await rerun()).stderr).toContain('1 job is in the queue since an earlier upload: 1 queued\n')
    await putResult(aFailure({ class: 'quality', reason: 'frozen' }, { job }))
    expect((await rerun()).stderr).toContain(`${job.job_id.slice(0, 12)}  `)
    expect((await rerun()).stderr).toContain('failed as quality: frozen\n')
    expect(queued()).toHaveLength(1)
  })

  test.each([
    [
      'another schedule',
      ['--sigmas', '700,15.6,0.5,0'],
      { sigmas: [700, 15.6, 0.5, 0], num_inference_steps: 3 },
    ],
    ['another number of steps', ['--num-inference-steps', '5'], { sigmas: null, num_inference_steps: 5 }],
    ['another size', ['--size', '64x64'], { width: 64, height: 64 }],
    ['a decode chunk size', ['--decode-chunk-size', '2'], { decode_chunk_size: 2 }],
    ['another format', ['--format', 'gif', '--fps', '10'], { format: ['gif'], fps: 10 }],
  ])('accepts %s', async (_, changes, expected) => {
    const { rerun, queued } = await withJob('--sigmas', '700,54.5,4.2,0.4,0')
    expect(await rerun(...changes)).toMatchObject({ exitCode: 0 })
    expect(queued()[1]?.parameters).toMatchObject(expected)
  })

  test('submits a job for each seed of --seeds', async () => {
    const { rerun, queued } = await withJob()
    expect(await rerun('--seeds', '5..7')).toMatchObject({ exitCode: 0 })
    expect(queued().map(({ parameters }) => [parameters.seed, parameters.fps])).toEqual([
      [3, 12],
      [5, 12],
      [6, 12],
      [7, 12],
    ])
  })

  test('requires --image with the same pixels when the stored image was deleted', async () => {
    const { rerun, queued, outputs, at, job } = await withJob()
    await outputs.delete(job.image.key, unaborted)
    const gone = await rerun('--seed', '7')
    expect(gone.exitCode).toBe(2)
    expect(gone.stderr).toBe(
      `error: --image: is not given, and s3://out/${job.image.key} is not there any more; give the image ` +
        `named ${job.image.source_key}\n`,
    )
    const other = await rerun('--seed', '7', '--image', at('other.jpg'))
    expect(other.exitCode).toBe(2)
    expect(other.stderr).toMatch(
      new RegExp(
        `^error: --image: got '.*other.jpg', whose pixels have SHA-256 \\w{64}; .* ${job.image.pixels_sha256};`,
      ),
    )
    expect(queued()).toHaveLength(1)
    expect(await rerun('--seed', '7', '--image', at('cup.jpg'))).toMatchObject({ exitCode: 0 })
    expect(queued()[1]?.image.pixels_sha256).toBe(job.image.pixels_sha256)
  })

  test('accepts with --image a TIFF that was converted for the upload', async () => {
    const tiff = await sharp(await aJpeg({ seed: 1 }))
      .tiff()
      .toBuffer()
    const { at } = await aFolder({ 'sea.tiff': tiff })
    const { run, queued, outputs } = withRealIngest()
    await run(['submit', at('sea.tiff'), '--quiet'])
    const [job] = queued()
    await outputs.delete(job?.image.key ?? '', unaborted)
    const rerun = ['rerun', job?.job_id ?? '', '--seed', '7', '--quiet', '--image', at('sea.tiff')]
    expect(await run(rerun)).toMatchObject({ exitCode: 0 })
    expect(queued()[1]?.image.pixels_sha256).toBe(job?.image.pixels_sha256)
  })

  test('reads a clip, and finds its image in the same folder by the pixels', async () => {
    const { run, queued, outputs, at, job } = await withJob()
    await outputs.delete(job.image.key, unaborted)
    const metadata = aClipMetadata({
      parameters: job.parameters,
      image: { name: 'cup.jpg', pixels_sha256: job.image.pixels_sha256 },
    })
    const clip = await aClipFile(metadata)
    const alone = await run(['rerun', clip, '--seed', '7'])
    expect(alone).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--image: is not given, no image in'),
    })
    await copyFile(at('other.jpg'), path.join(path.dirname(clip), 'cup.jpg'))
    await copyFile(at('cup.jpg'), path.join(path.dirname(clip), 'renamed.jpg'))
    expect(await run(['rerun', clip, '--seed', '7', '--prefix', 'p'])).toMatchObject({ exitCode: 0 })
    expect(queued()[1]).toMatchObject({
      image: { source_key: 'images/p/renamed.jpg', pixels_sha256: job.image.pixels_sha256 },
      parameters: { ...job.parameters, seed: 7 },
    })
  })

  test('reads a clip whose image is in the output bucket', async () => {
    const { run, queued, job } = await withJob()
    const clip = await aClipFile(
      aClipMetadata({
        parameters: job.parameters,
        image: { name: 'cup.jpg', pixels_sha256: job.image.pixels_sha256 },
      }),
    )
    expect(await run(['rerun', clip, '--seed', '7'])).toMatchObject({ exitCode: 0 })
    expect(queued()[1]?.parameters).toEqual({ ...job.parameters, seed: 7 })
  })

  test('reads a clip whose file name equals the id of a job', async () => {
    const { run, queued, job } = await withJob()
    const clip = await aClipFile(
      aClipMetadata({
        parameters: { ...job.parameters, fps: 9 },
        image: { name: 'cup.jpg', pixels_sha256: job.image.pixels_sha256 },
      }),
    )
    // A file in the working folder has the id of the job as its name.
    const name = job.job_id
    await copyFile(clip, name)
    onTestFinished(() => rm(name))
    expect(await run(['rerun', name, '--seed', '7'])).toMatchObject({ exitCode: 0 })
    expect(queued()[1]?.parameters).toEqual({ ...job.parameters, fps: 9, seed: 7 })
  })

  test('refuses a file without the metadata of a clip', async () => {
    const { run, at } = await withJob()
    expect(await run(['rerun', at('cup.jpg')])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('cup.jpg: does not tell how it was made; give a job, a clip'),
    })
  })

  test.each([
    [['ffff'], 'ffff: no job in s3://out has an id that begins with it'],
    [[path.join('out', 'cup.mp4')], 'out/cup.mp4: there is no such file'],
  ])('refuses %j, which is neither a job nor a file', async (args, message) => {
    const { run } = await withJob()
    const { exitCode, stderr } = await run(['rerun', ...args])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) })
  })

  test('checks the changes before it uploads anything', async () => {
    const { rerun, inputs } = await withJob()
    const uploads = inputs.keys().length
    expect(await rerun('--fps', '0')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--fps: got 0; must be'),
    })
    expect(inputs.keys()).toHaveLength(uploads)
  })
})
