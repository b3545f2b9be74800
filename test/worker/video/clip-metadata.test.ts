import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readClipMetadata } from '../../../worker/video/read-clip-metadata.ts'
import { TRAINED_ALGORITHMIC_MEDIA } from '../../../worker/video/xmp-packet.ts'
import { aClipMetadata } from '../../fixtures/a-clip-metadata.ts'
import { someParameters } from '../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { aClipFile } from './a-clip-file.ts'
import { FFMPEGS } from './ffmpeg-binaries.ts'

const run = promisify(execFile)
const [{ ffmpegPath: anyFfmpeg } = { ffmpegPath: '' }] = FFMPEGS

/** Returns true if the program is on the PATH of this machine. */
const isThere = (program: string, option: string): Promise<boolean> =>
  run(program, [option]).then(
    () => true,
    () => false,
  )

const STRANGE = aClipMetadata({
  image: { name: 'Café = "日本" & <b>\\;#\u0001.jpg', pixels_sha256: '0'.repeat(64) },
  parameters: { ...someParameters, seed: '18446744073709551615', sigmas: [700, 15.6, 0.5, 0] },
})

describe.each(FFMPEGS)('with the ffmpeg of $name', ({ ffmpegPath }) => {
  test('an MP4 contains the metadata that it was given', async () => {
    const metadata = aClipMetadata()
    expect(await readClipMetadata(await aClipFile(metadata, ffmpegPath))).toEqual(metadata)
  })

  test('names with characters special to ffmpeg, JSON or XML stay unchanged', async () => {
    expect(await readClipMetadata(await aClipFile(STRANGE, ffmpegPath))).toEqual(STRANGE)
  })

  test('the same frames and metadata give the same bytes', async () => {
    const [first, second] = [await aClipFile(STRANGE, ffmpegPath), await aClipFile(STRANGE, ffmpegPath)]
    expect((await readFile(first)).equals(await readFile(second))).toBe(true)
  })

  test('an MP4 without metadata has neither tags nor XMP', async () => {
    const file = await aClipFile(null, ffmpegPath)
    expect(await readClipMetadata(file)).toBeNull()
    const traces = (await readFile(file)).toString('latin1').match(/uuid|xmpmeta|svd-|trained|Generated/g)
    expect(traces).toBeNull()
  })
})

test('metadata changes no frame', async () => {
  const streams = await Promise.all(
    [await aClipFile(STRANGE), await aClipFile(null)].map(async (file) => {
      const stream = file.replace('.mp4', '.h264')
      await run(anyFfmpeg, ['-i', file, '-c', 'copy', stream])
      return readFile(stream)
    }),
  )
  expect(streams[0]!.equals(streams[1]!)).toBe(true)
})

test('readClipMetadata returns null for the comment of another program', async () => {
  const file = await aClipFile(null)
  const other = path.join(path.dirname(file), 'other.mp4')
  for (const comment of ['made by hand', '{"version":1}', '']) {
    await run(anyFfmpeg, ['-y', '-i', file, '-c', 'copy', '-metadata', `comment=${comment}`, other])
    expect(await readClipMetadata(other)).toBeNull()
  }
})

test('readClipMetadata names a file that is not an MP4', async () => {
  const file = path.join(await temporaryDir(), 'clip.mp4')
  await writeFile(file, 'nothing')
  await expect(readClipMetadata(file)).rejects.toThrow(`${file} is not a complete MP4 video`)
})

test('ffprobe finds the tags, the metadata and the frames of the video', async ({ skip }) => {
  skip(!(await isThere('ffprobe', '-version')), 'there is no ffprobe on PATH')
  const file = await aClipFile(STRANGE)
  const shown = ['-v', 'error', '-show_format', '-count_frames', '-show_streams', '-of', 'json']
  const { stdout, stderr } = await run('ffprobe', [...shown, file])
  const { format, streams } = JSON.parse(stdout)
  expect(stderr).toBe('')
  expect(format.tags).toMatchObject({
    title: 'Café = "日本" & <b>\\;#\u0001',
    description: `Generated from ${STRANGE.image.name} with the model svd-demo`,
    encoder: 'svd-batch 0.1.0',
  })
  expect(JSON.parse(format.tags.comment)).toEqual(STRANGE)
  expect(streams).toMatchObject([{ codec_name: 'h264', nb_read_frames: '3' }])
})

test('exiftool finds the digital source type, title and program in XMP', async ({ skip }) => {
  skip(!(await isThere('exiftool', '-ver')), 'there is no exiftool on PATH')
  const { stdout } = await run('exiftool', [
    '-json',
    '-G1',
    '-a',
    '-n',
    '-validate',
    '-all:all',
    await aClipFile(STRANGE),
  ])
  expect(JSON.parse(stdout)).toMatchObject([
    {
      'XMP-iptcExt:DigitalSourceType': TRAINED_ALGORITHMIC_MEDIA,
      'XMP-xmp:CreatorTool': 'svd-batch 0.1.0',
      'XMP-dc:Title': 'Café = "日本" & <b>\\;#\uFFFD',
      'ItemList:Title': expect.stringContaining('Café'),
      'ExifTool:Validate': '0 0 0',
    },
  ])
})

test.each([
  [1, 'cup'],
  [3, 'cup-2'],
])('the title of the last of %i video(s) is %s', async (videos, title) => {
  const parameters = { ...someParameters, num_videos_per_prompt: videos }
  const file = await aClipFile(aClipMetadata({ parameters, video: videos - 1 }))
  expect((await readFile(file)).toString('latin1')).toContain(
    `<rdf:li xml:lang="x-default">${title}</rdf:li>`,
  )
})
