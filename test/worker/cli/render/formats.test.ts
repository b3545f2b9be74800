import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { writeFakeFfmpeg } from '../../video/fake-ffmpeg.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

describe('svd render --format', () => {
  test.each([
    [['--format', 'gif,mp4']],
    [['--format', 'gif', '--format', 'mp4']],
    [['--format', 'mp4, gif,mp4']],
  ])('writes an MP4 and a GIF for %j', async (args) => {
    const { folder, at } = await aFolderOfImages('cup.jpg')
    const { exitCode, stdout } = await renderCommand([
      ...[at('cup.jpg'), '--output', at('cup.mp4'), '--json'],
      ...args,
    ])
    expect(exitCode).toBe(0)
    const { parameters, videos } = JSON.parse(stdout)
    expect(parameters.format).toEqual(['mp4', 'gif'])
    expect(videos).toMatchObject([
      {
        path: at('cup.mp4'),
        files: [
          { format: 'mp4', path: at('cup.mp4') },
          { format: 'gif', path: at('cup.gif'), size_bytes: 'gif 0 of '.length + at('cup.jpg').length },
        ],
      },
    ])
    expect((await readdir(folder)).sort()).toEqual([
      'cup.gif',
      'cup.jpg',
      'cup.json',
      'cup.mp4',
      'cup.poster.png',
    ])
    expect(await readFile(at('cup.gif'), 'utf8')).toMatch(/^gif 0 of /)
  })

  test('writes a single format to the file of --output', async () => {
    const { folder, at } = await aFolderOfImages('cup.jpg')
    const { stdout } = await renderCommand([at('cup.jpg'), '--output', at('cup.mov'), '--format', 'prores'])
    expect(stdout).toMatch(/cup\.mov {2}14 frames.*\n.*cup\.poster\.png {2}poster\n/)
    expect((await readdir(folder)).sort()).toEqual(['cup.jpg', 'cup.json', 'cup.mov', 'cup.poster.png'])
  })

  test('writes each format of several videos and images', async () => {
    const { folder, at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const args = ['--format', 'webm,png', '--num-videos-per-prompt', '2', '--quiet']
    await renderCommand([at('a.jpg'), at('b.jpg'), '--output-dir', at('out'), ...args])
    expect((await readdir(path.join(folder, 'out'))).sort()).toEqual(
      ['a-0', 'a-1', 'b-0', 'b-1'].flatMap((name) => [
        `${name}.json`,
        `${name}.poster.png`,
        `${name}.webm`,
        `${name}.zip`,
      ]),
    )
  })
})

test('svd render --crf and --loop set parameters of the clip', async () => {
  const { at } = await aFolderOfImages('cup.jpg')
  const args = [at('cup.jpg'), '--output', at('cup.mp4'), '--crf', '30', '--loop', '--json']
  const { stdout, jobs } = await renderCommand(args)
  expect(JSON.parse(stdout).parameters).toMatchObject({ crf: 30, loop: true })
  expect(jobs[0]?.parameters).toMatchObject({ format: ['mp4'], crf: 30, loop: true })
})

describe('svd render before its first clip', () => {
  test.each([
    [['--format', 'avi'], "--format: got 'avi'; must be one or more of mp4, webm, gif, prores, png"],
    [['--format', 'gif', '--crf', '20'], '--crf: got 20, and gif has no CRF'],
    [['--crf', '52'], '--crf: got 52; must be a whole number from 1 to 51 for mp4 (H.264)'],
    [['--format', 'mp4,gif', '--fps', '60'], '--fps: got 60; a gif has at most 50 frames per second'],
    [['--format', 'gif'], 'must be a file name that ends in .gif, or give --format mp4'],
    [['--format', 'gif,png'], 'must be a file name that ends in .gif or .zip, or give --format mp4'],
  ])('refuses %j', async (args, message) => {
    const { at } = await aFolderOfImages('cup.jpg')
    const { exitCode, stderr, renderers } = await renderCommand([
      ...[at('cup.jpg'), '--output', at('cup.mp4')],
      ...args,
    ])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
    expect(renderers.opened).toBe(0)
  })

  test('names the encoders that ffmpeg lacks', async () => {
    const script = "echo ' V..... libx264  H.264'; echo ' V..... gif  GIF'"
    const ffmpeg = await writeFakeFfmpeg(await temporaryDir(), script)
    const { folder, at } = await aFolderOfImages('cup.jpg')
    const { exitCode, stderr, renderers } = await renderCommand(
      [at('cup.jpg'), '--output', at('cup.mp4'), '--format', 'mp4,webm,prores'],
      { environment: { FFMPEG_PATH: ffmpeg } },
    )
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `FFMPEG_PATH: ${ffmpeg} (from FFMPEG_PATH) has no encoder libvpx-vp9 (webm) and prores_ks (prores); ` +
        'set it to an ffmpeg that has, or ask for mp4 alone',
    )
    expect(renderers.opened).toBe(0)
    expect(await readdir(folder)).toEqual(['cup.jpg'])
  })

  test('refuses to replace an image by a file of another format', async () => {
    const { at } = await aFolderOfImages('cup.gif')
    const { exitCode, stderr, renderers } = await renderCommand([
      ...[at('cup.gif'), '--output', at('cup.mp4'), '--format', 'mp4,gif'],
    ])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('would be overwritten')
    expect(renderers.opened).toBe(0)
  })
})
