import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { runCommandLine } from '../a-command-line.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

describe('svd render with an ffmpeg that cannot encode', () => {
  test.each([
    ['/nope', 'error: FFMPEG_PATH: "/nope" is not an executable file; '],
    ['/bin/false', 'error: FFMPEG_PATH: /bin/false (from FFMPEG_PATH) does not run as ffmpeg does; '],
  ])('refuses %s before it renders', async (ffmpeg, message) => {
    const { folder, at } = await aFolderOfImages('a.jpg')
    const { exitCode, stderr, events } = await renderCommand([at('a.jpg'), '--output', at('o/a.mp4')], {
      environment: { FFMPEG_PATH: ffmpeg },
    })
    expect({ exitCode, events }).toEqual({ exitCode: 2, events: [] })
    expect(stderr.startsWith(message)).toBe(true)
    expect(await readdir(folder)).toEqual(['a.jpg'])
  })
})

describe('svd render before its first clip', () => {
  /** Runs a command, in which DIR is the folder. Expects exit code 2, and returns the message. */
  const mistake = async (
    args: readonly string[],
    images: readonly string[] = ['cup.jpg'],
  ): Promise<string> => {
    const { folder, at } = await aFolderOfImages(...images)
    await mkdir(at('folder.mp4'))
    await symlink('loop', at('loop'))
    const inFolder = args.map((arg) => arg.replace('DIR', folder))
    const output = args.some((arg) => arg.startsWith('--output')) ? [] : ['--output', at('out.mp4')]
    const { exitCode, stdout, stderr, renderers } = await renderCommand([...inFolder, ...output])
    expect({ exitCode, stdout, opened: renderers.opened }).toEqual({ exitCode: 2, stdout: '', opened: 0 })
    return stderr.replaceAll(folder, 'DIR').trimEnd()
  }

  test.each([
    [['DIR/cap.jpg'], 'error: DIR/cap.jpg: there is no such file; check the path'],
    [
      ['DIR/folder.mp4'],
      'error: DIR/folder.mp4: is a folder without PNG, JPEG, WebP, AVIF, TIFF or HEIC files; for those in its folders, give a pattern in quotes: ' +
        "'DIR/folder.mp4/**/*.jpg'",
    ],
    [
      ['DIR/x.jpg', 'DIR/y.jpg', '--output-dir', 'DIR/o'],
      'error: DIR/x.jpg: there is no such file; check the path\nDIR/y.jpg: there is no such file; check the path',
    ],
    [
      ['DIR/cup.jpg', '--width', '500'],
      'error: --width: got 500; must be a multiple of 8 from 8 to 8192, in pixels (the VAE works on blocks of 8)',
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '0'],
      'error: --num-frames: got 0; must be a whole number from 1 to 4096',
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '1.5'],
      'error: --num-frames: got 1.5; must be a whole number from 1 to 4096',
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '12abc'],
      "error: --num-frames: got '12abc'; must be a whole number from 1 to 4096",
    ],
    [
      ['DIR/cup.jpg', '--num-frames', ''],
      "error: --num-frames: got ''; must be a whole number from 1 to 4096",
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '0x10'],
      "error: --num-frames: got '0x10'; must be a whole number from 1 to 4096",
    ],
    [
      ['DIR/cup.jpg', '--max-guidance-scale', 'NaN'],
      "error: --max-guidance-scale: got 'NaN'; must be a number from 0 to 100; 1 means no guidance",
    ],
    [
      ['DIR/cup.jpg', '--fps', '0', '--motion-bucket-id', '-1'],
      'error: --fps: got 0; must be a whole number of frames per second from 1 to 240\n' +
        '--motion-bucket-id: got -1; must be a whole number from 0 to 1023; trained values go up to 255',
    ],
    [
      ['DIR/cup.jpg', '--fit', 'stretch'],
      "error: --fit: got 'stretch'; must be fill (stretch, as the reference does), crop or pad (both keep the proportions)",
    ],
    [
      ['DIR/cup.jpg', '--sigmas', '700,fifteen,0'],
      "error: --sigmas: got '700,fifteen,0'; must be the name align-your-steps, or two or more falling numbers that " +
        'end with the last noise level, such as 700,15.6,0.5,0',
    ],
    [
      ['DIR/cup.jpg', '--sigmas', 'align-your-steps', '--num-inference-steps', '4'],
      "error: --num-inference-steps: got 4, and --sigmas is 'align-your-steps', which makes 10 steps; must be 10: " +
        'correct it, or give only one of the two',
    ],
    [
      ['DIR/cup.jpg', '--sigmas', '5,700,0'],
      'error: --sigmas: got [5,700,0] (value 2 of 3, 700, is not below the value before it, 5); must be the name ' +
        'align-your-steps, or two or more falling numbers that end with the last noise level, such as 700,15.6,0.5,0',
    ],
    [['DIR/cup.jpg', '--threads', '2x'], "error: --threads: got '2x'; must be a whole number from 1 to 1024"],
    [
      ['DIR/cup.jpg', '--memory', 'lots'],
      "error: option '--memory <mode>' argument 'lots' is invalid. " +
        'Allowed choices are auto, resident, offload, low-vram.',
    ],
    [
      ['DIR/cup.jpg', '--num-frame', '3'],
      "error: unknown option '--num-frame'\n(Did you mean --num-frames?)",
    ],
    [[], "error: missing required argument 'image'"],
    [
      ['DIR/cup.jpg', '--output', 'DIR/cup.mov'],
      "error: --output: got 'DIR/cup.mov'; must be a file name that ends in .mp4, or give --format prores (for a folder, give --output-dir)",
    ],
    [
      ['DIR/cup.jpg', '--output', 'DIR/folder.mp4'],
      'error: --output: DIR/folder.mp4 is a folder; give the name of the video, or give --output-dir',
    ],
    [
      ['DIR/cup.jpg', '--output', 'DIR/cup.jpg/cup.mp4'],
      'error: --output: the folder DIR/cup.jpg cannot be used (a file has that name); choose another',
    ],
    [
      ['DIR/cup.jpg', '--output-dir', 'DIR/loop/o'],
      'error: --output-dir: the folder DIR/loop/o cannot be used (its symbolic links lead in a circle); choose another',
    ],
    [
      ['DIR/cup.jpg', '--frames-dir', 'DIR/cup.jpg/frames'],
      'error: --frames-dir: the folder DIR/cup.jpg/frames cannot be used (a file has that name); choose another',
    ],
    [['DIR/cup.jpg', '--variant', 'bf16'], 'error: variant: unet has no bf16 weights; there is: fp16'],
    [
      ['DIR/cup.jpg', '--checkpoint', 'DIR/none'],
      'error: DIR/none: there is no such folder; check the path of the checkpoint',
    ],
    [
      ['DIR/cup.jpg', '--checkpoint', 'DIR'],
      'error: DIR: has no model_index.json; give a diffusers folder (model_index.json, unet/, vae/, image_encoder/, ' +
        'scheduler/, feature_extractor/), for example from: hf download ' +
        'stabilityai/stable-video-diffusion-img2vid-xt --local-dir stable-video-diffusion-img2vid-xt --include "*.json" --include "*.fp16.safetensors"',
    ],
    [
      ['DIR/cup.jpg', '--decode-overlap', '14'],
      'error: --decode-overlap: got 14; must be smaller than decode_chunk_size, which is 14',
    ],
  ])('refuses %j', async (args, message) => {
    expect(await mistake(args)).toBe(message)
  })

  test('refuses a frames folder with frames of a longer clip', async () => {
    const { folder, at } = await aFolderOfImages('cup.jpg')
    for (const frame of ['0013.png', '0014.png']) {
      await mkdir(at('frames'), { recursive: true })
      await writeFile(at(`frames/${frame}`), '')
    }
    const { exitCode, stderr } = await renderCommand([
      at('cup.jpg'),
      '--output',
      at('o.mp4'),
      '--frames-dir',
      at('frames'),
    ])
    expect(exitCode).toBe(2)
    expect(stderr.replaceAll(folder, 'DIR')).toBe(
      'error: --frames-dir: DIR/frames holds 0014.png of another clip, and this one has 14 frames; ' +
        'empty it or choose another\n',
    )
  })
})

describe('svd render', () => {
  test.each([
    ['by a poster', ['DIR/cup.poster.png', '--output', 'DIR/cup.mp4'], 'DIR/cup.poster.png'],
    [
      'by a poster through a link',
      ['DIR/link/cup.poster.png', '--output', 'DIR/cup.mp4'],
      'DIR/cup.poster.png',
    ],
    ['by a frame', ['DIR/0003.png', '--output', 'DIR/o/cup.mp4', '--frames-dir', 'DIR'], 'DIR/0003.png'],
  ])('refuses to replace an input image %s', async (_, args, overwritten) => {
    const { folder, at } = await aFolderOfImages('cup.poster.png', '0003.png')
    await symlink(folder, at('link'))
    const { exitCode, stderr, renderers } = await renderCommand(args.map((arg) => arg.replace('DIR', folder)))
    expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
    const message = stderr.replaceAll(folder, 'DIR')
    expect(message).toContain(`would be overwritten: ${overwritten} is one of the files written`)
  })
})

test('svd render requires --checkpoint', async () => {
  const { exitCode, stderr } = await runCommandLine(['render', 'cup.jpg', '--output', 'cup.mp4'])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: "error: required option '-c, --checkpoint <dir>' not specified\n",
  })
})
