import { rename, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ClipRecord, encodeClipRecord } from '../../../../shared/contracts/clip-record.ts'
import { aClipMetadata } from '../../../fixtures/a-clip-metadata.ts'
import { sha256Of, someParameters } from '../../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { aClipFile } from '../../video/a-clip-file.ts'
import { runCommandLine } from '../a-command-line.ts'

const METADATA = aClipMetadata({
  parameters: { ...someParameters, seed: 7, sigmas: [700, 1.5, 0], num_videos_per_prompt: 3 },
  video: 1,
})

const aRecord = (content: string): ClipRecord => ({
  ...METADATA,
  frames: 14,
  files: [{ name: 'clip.webm', size_bytes: content.length, sha256: sha256Of(content) }],
})

/** A file that is not an MP4, and beside it the record of a clip with the content `listed`. */
const aClipWithRecord = async (name: string, { listed = 'webm' } = {}) => {
  const folder = await temporaryDir()
  const file = path.join(folder, name)
  await writeFile(file, 'webm')
  await writeFile(path.join(folder, 'clip.json'), encodeClipRecord(aRecord(listed)))
  return { file, record: path.join(folder, 'clip.json') }
}

describe('svd show', () => {
  test('prints how a clip was made, as a table', async () => {
    const file = await aClipFile(METADATA)
    const { exitCode, stdout } = await runCommandLine(['show', file])
    expect(exitCode).toBe(0)
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      `image | cup.png, pixels ${sha256Of('cup').slice(0, 12)}`,
      `model | svd-demo, sha256 ${sha256Of('svd-demo').slice(0, 12)}`,
      'made by | svd-batch 0.1.0, cpu, fp32',
      'video | 2 of 3',
      ...[
        'width | 192',
        'height | 128',
        'num_frames | 14',
        'num_inference_steps | 4',
        'sigmas | [700,1.5,0]',
      ],
      ...['min_guidance_scale | 1', 'max_guidance_scale | 1.5', 'fps | 7', 'motion_bucket_id | 127'],
      ...['noise_aug_strength | 0.02', 'decode_chunk_size | null', 'num_videos_per_prompt | 3'],
      ...['seed | 7', 'fit | fill', 'decode_overlap | 0'],
      'decoded | 14 frames at once',
      'found in | the metadata of the file',
      '',
    ])
  })

  test('prints the job and the fallback decode of a clip', async () => {
    const job_id = 'ab'.repeat(16)
    const file = await aClipFile({ ...METADATA, job_id, fallback_decode: true, precision: null })
    const { stdout } = await runCommandLine(['show', file])
    expect(stdout).toMatch(new RegExp(`^job +${job_id}$`, 'm'))
    expect(stdout).toMatch(/^fallback decode +yes$/m)
    expect(stdout).toMatch(/^made by +svd-batch 0\.1\.0, cpu$/m)
  })

  test('prints with --json the metadata of a renamed clip without a record', async () => {
    const file = await aClipFile(METADATA)
    const renamed = path.join(path.dirname(file), 'final version')
    await rename(file, renamed)
    const { stdout } = await runCommandLine(['show', renamed, '--json'])
    expect(JSON.parse(stdout)).toEqual({
      file: renamed,
      found_in: 'metadata',
      record: null,
      metadata: METADATA,
    })
  })

  test.each(['webm', 'prores'] as const)('reads the metadata of a renamed %s', async (format) => {
    const file = await aClipFile(METADATA, { format })
    const renamed = path.join(path.dirname(file), 'final version')
    await rename(file, renamed)
    const { exitCode, stdout } = await runCommandLine(['show', renamed, '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      ...{ file: renamed, found_in: 'metadata', record: null, metadata: METADATA },
    })
  })

  test('reads the record beside a clip of another format', async () => {
    const { file, record } = await aClipWithRecord('clip.gif')
    const { exitCode, stdout } = await runCommandLine(['show', file, '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ file, found_in: 'record', record, metadata: aRecord('webm') })
  })

  test('reads a record itself', async () => {
    const { record } = await aClipWithRecord('clip.webm')
    const { stdout } = await runCommandLine(['show', record])
    expect(stdout).toMatch(/^seed +7$/m)
    expect(stdout).toContain(`found in               ${record}\n`)
  })
})

describe('svd show with exit code 2', () => {
  const refused = async (file: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCommandLine(['show', file])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    return stderr.replaceAll(path.dirname(file), 'DIR')
  }
  const UNTOLD =
    'unless --no-metadata is given, svd writes that file and the metadata of MP4, WebM and MOV, which programs that convert a clip may leave out\n'

  test('refuses an MP4 without metadata and without a record', async () => {
    expect(await refused(await aClipFile(null))).toBe(
      `error: DIR/clip.mp4: does not tell how it was made, nor does a clip.json beside it; ${UNTOLD}`,
    )
  })

  test('refuses a clip whose record lists another file', async () => {
    const { file } = await aClipWithRecord('clip.webm', { listed: 'another' })
    expect(await refused(file)).toContain('does not tell how it was made, nor does a clip.json beside it')
  })

  test('refuses a JSON file that is not a record', async () => {
    const file = path.join(await temporaryDir(), 'clip.json')
    await writeFile(file, '{"motion_bucket_id": 30}')
    expect(await refused(file)).toBe(
      'error: DIR/clip.json: is not the record of a clip; give the clip, or the NAME.json of one\n',
    )
  })

  test('refuses a truncated clip', async () => {
    const file = await aClipFile(METADATA)
    await truncate(file, 3000)
    expect(await refused(file)).toBe(
      'error: DIR/clip.mp4: is a damaged or cut-off MP4; copy or download it again\n',
    )
  })

  test.each([
    ['webm', 40, 'WebM'],
    ['prores', 300, 'QuickTime file'],
  ] as const)('refuses a truncated %s', async (format, bytes, name) => {
    const file = await aClipFile(METADATA, { format })
    await truncate(file, bytes)
    expect(await refused(file)).toBe(
      `error: DIR/${path.basename(file)}: is a damaged or cut-off ${name}; copy or download it again\n`,
    )
  })

  test.each(['webm', 'prores'] as const)(
    'refuses a %s without metadata and without a record',
    async (format) => {
      expect(await refused(await aClipFile(null, { format }))).toContain(
        'does not tell how it was made, nor does a clip.json beside it',
      )
    },
  )

  test.each(['avif', 'avis', 'heic', 'mif1'])('refuses an image of the brand %s', async (brand) => {
    const file = path.join(await temporaryDir(), 'cup.avif')
    await writeFile(file, Buffer.from(`\0\0\0\x10ftyp${brand}\0\0\0\0`, 'latin1'))
    expect(await refused(file)).toBe(
      'error: DIR/cup.avif: is an AVIF or HEIC image, and no clip; give a clip, or the NAME.json beside one\n',
    )
  })

  test('refuses a missing file and a folder', async () => {
    const folder = await temporaryDir()
    expect(await refused(path.join(folder, 'none.mp4'))).toBe(
      'error: DIR/none.mp4: there is no such file; give a clip, or the NAME.json beside one (for a job, svd status JOB)\n',
    )
    expect(await refused(folder)).toContain('is a folder; give the files in it')
  })

  test('prints null fields with --json when a clip has no metadata', async () => {
    const file = await aClipFile(null)
    const { exitCode, stdout } = await runCommandLine(['show', file, '--json'])
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toEqual({ file, found_in: null, record: null, metadata: null })
  })
})
