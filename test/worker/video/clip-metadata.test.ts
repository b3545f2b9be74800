import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { ClipMetadata } from '../../../shared/contracts/clip-record.ts'
import type { TaggedFormat } from '../../../worker/video/clip-tags.ts'
import { readClipMetadata, readTaggedMetadata } from '../../../worker/video/read-clip-metadata.ts'
import { TRAINED_ALGORITHMIC_MEDIA } from '../../../worker/video/xmp-packet.ts'
import { aClipMetadata } from '../../fixtures/a-clip-metadata.ts'
import { someParameters } from '../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
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

const readMetadata = (file: string, format: TaggedFormat, ffmpegPath: string) =>
  format === 'mp4'
    ? readClipMetadata(file)
    : readTaggedMetadata(file, format, { ffmpegPath, signal: unaborted })

describe.each(FFMPEGS)('with the ffmpeg of $name', ({ ffmpegPath }) => {
  describe.each(['mp4', 'webm', 'prores'] as const)('%s', (format) => {
    const aFile = (metadata: ClipMetadata | null) => aClipFile(metadata, { format, ffmpegPath })

    test('contains the metadata that it was given', async () => {
      const metadata = aClipMetadata()
      expect(await readMetadata(await aFile(metadata), format, ffmpegPath)).toEqual(metadata)
    })

    test('keeps names with characters special to ffmpeg, JSON or XML', async () => {
      expect(await readMetadata(await aFile(STRANGE), format, ffmpegPath)).toEqual(STRANGE)
    })

    test('has the same bytes for the same frames and metadata', async () => {
      const [first, second] = [await aFile(STRANGE), await aFile(STRANGE)]
      expect((await readFile(first)).equals(await readFile(second))).toBe(true)
    })

    test('has neither tags nor XMP without metadata', async () => {
      const file = await aFile(null)
      expect(await readMetadata(file, format, ffmpegPath)).toBeNull()
      const traces = (await readFile(file))
        .toString('latin1')
        .match(/uuid|xmpmeta|svd-|trained|Generated|com\.apple/g)
      expect(traces).toBeNull()
    })

    test('contains no version of ffmpeg with metadata', async () => {
      const text = (await readFile(await aFile(aClipMetadata()))).toString('latin1')
      expect(text).not.toMatch(/x264 - core|Lavf\d|Lavc\d/)
    })
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

test.for([
  ['webm', 'DESCRIPTION', 'SOFTWARE', 'COMMENT'],
  ['prores', ...['description', 'software', 'comment'].map((name) => `com.apple.quicktime.${name}`)],
] as const)('ffprobe finds tags, record and the same video in %s', async ([format, ...names], { skip }) => {
  skip(!(await isThere('ffprobe', '-version')), 'there is no ffprobe on PATH')
  const file = await aClipFile(STRANGE, { format })
  const shown = ['-v', 'error', '-show_format', '-count_frames', '-show_streams', '-of', 'json']
  const { stdout, stderr } = await run('ffprobe', [...shown, file])
  const { format: found, streams } = JSON.parse(stdout)
  expect(stderr).toBe('')
  const [description, software, comment] = names.map((name) => found.tags[name ?? ''])
  const title = found.tags.title ?? found.tags['com.apple.quicktime.title']
  expect({ title, description, software }).toEqual({
    title: 'Café = "日本" & <b>\\;#\u0001',
    description: `Generated from ${STRANGE.image.name} with the model svd-demo`,
    software: 'svd-batch 0.1.0',
  })
  expect(JSON.parse(comment)).toEqual(STRANGE)
  expect(streams).toMatchObject([{ nb_read_frames: '3' }])
})

test.each(['webm', 'prores'] as const)('metadata does not change the frames of %s', async (format) => {
  const lists = await Promise.all(
    [await aClipFile(STRANGE, { format }), await aClipFile(null, { format })].map(async (file) => {
      const { stdout } = await run(anyFfmpeg, [
        '-v',
        'error',
        '-i',
        file,
        '-c',
        'copy',
        '-f',
        'framecrc',
        '-',
      ])
      return stdout
    }),
  )
  expect(lists[0]).toBe(lists[1])
})

test('readTaggedMetadata names a file that is neither WebM nor QuickTime', async () => {
  const file = path.join(await temporaryDir(), 'clip.webm')
  await writeFile(file, 'nothing')
  for (const format of ['webm', 'prores'] as const) {
    const reading = readTaggedMetadata(file, format, { ffmpegPath: anyFfmpeg, signal: unaborted })
    await expect(reading).rejects.toThrow(`${file} cannot be read: `)
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
