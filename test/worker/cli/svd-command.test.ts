import { describe, expect, test } from 'vitest'
import { runCommandLine } from './a-command-line.ts'

const mistakeOf = async (line: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await runCommandLine(line.split(' '))
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  return stderr
}

describe('the error for an option name of other programs', () => {
  test.each([
    ['render a.png -c x --steps 5', '--steps', '--num-inference-steps'],
    ['render a.png -c x --frames 14', '--frames', '--num-frames'],
    ['render a.png -c x --video_frames 14', '--video_frames', '--num-frames'],
    ['render a.png -c x --cfg 3', '--cfg', '--max-guidance-scale'],
    ['render a.png -c x --cfg-scale 3', '--cfg-scale', '--max-guidance-scale'],
    ['render a.png -c x --min_cfg 1', '--min_cfg', '--min-guidance-scale'],
    ['render a.png -c x --motion 60', '--motion', '--motion-bucket-id'],
    ['render a.png -c x --motion_bucket_id=60', '--motion_bucket_id=60', '--motion-bucket-id'],
    ['render a.png -c x --motionBucketId 60', '--motionBucketId', '--motion-bucket-id'],
    ['render a.png -c x --frame-rate 7', '--frame-rate', '--fps'],
    ['render a.png -c x --noise 0.1', '--noise', '--noise-aug-strength'],
    ['render a.png -c x --augmentation_level 0', '--augmentation_level', '--noise-aug-strength'],
    ['render a.png -c x --chunk 8', '--chunk', '--decode-chunk-size'],
    ['render a.png -c x -n 2', '-n', '--num-videos-per-prompt'],
    ['render a.png -c x --num-videos 2', '--num-videos', '--num-videos-per-prompt'],
    ['render a.png -c x --out a.mp4', '--out', '--output'],
    ['inspect -c x --size 1024x576', '--size', '--width and --height'],
    ['inspect -c x --cfg 1', '--cfg', '--no-guidance'],
    ['inspect -c x --steps 5', '--steps', '--num-inference-steps'],
    ['local -o videos', '-o', '--output-dir'],
    ['submit a.png --output videos', '--output', '--download'],
    ['submit a.png --steps 5', '--steps', '--num-inference-steps'],
    ['status -n 5', '-n', '--limit'],
    ['worker -c svd-xt', '-c', '--model'],
    ['-v', '-v', '--version'],
  ])('suggests the option of svd that is meant in: svd %s', async (line, typed, meant) => {
    expect(await mistakeOf(line)).toBe(`error: unknown option '${typed}'\n(Did you mean ${meant}?)\n`)
  })

  test('suggests a required option, which is therefore missing', async () => {
    expect(await mistakeOf('render a.png --model svd-xt -o a.mp4')).toBe(
      "error: unknown option '--model'\n(Did you mean --checkpoint?)\n",
    )
    expect(await mistakeOf('plan --checkpont svd-xt --clips 5')).toBe(
      "error: unknown option '--checkpont'\n(Did you mean --checkpoint?)\n",
    )
  })

  test('suggests a long option that was typed with one dash', async () => {
    expect(await mistakeOf('render a.png -checkpoint svd-xt')).toBe(
      "error: unknown option '-checkpoint'\n(Did you mean --checkpoint?)\n",
    )
    expect(await mistakeOf('render a.png -c x -output a.mp4')).toBe(
      "error: unknown option '-output'\n(Did you mean --output?)\n",
    )
  })

  test('does not appear for a value directly after a short option, or after --', async () => {
    expect(await mistakeOf('compile -cgone -oout')).toBe(
      'error: gone: there is no such folder; check the path of the checkpoint\n',
    )
    expect(await mistakeOf('render -c x -o a.mp4 -- -cfg')).toBe(
      'error: -cfg: there is no such file; check the path\n',
    )
  })

  test.each([
    ['render --image a.png -c x', '--image', '<image...>'],
    ['render -i a.png -c x', '-i', '<image...>'],
    ['submit --image a.png', '--image', '<file...>'],
    ['models push --checkpoint svd-xt', '--checkpoint', '<dir>'],
    ['status --job 7c12', '--job', '[job...]'],
  ])('names the argument that is given without an option name in: svd %s', async (line, typed, meant) => {
    expect(await mistakeOf(line)).toBe(
      `error: unknown option '${typed}'\n(Give ${meant} without an option name.)\n`,
    )
  })
})

test('the error for an unrelated option name has no suggestion', async () => {
  expect(await mistakeOf('render a.png -c x --frobnicate')).toBe("error: unknown option '--frobnicate'\n")
})

test('the error for an option name of other programs suggests no option that the command lacks', async () => {
  expect(await mistakeOf('cancel 7c12 --steps 5')).toBe("error: unknown option '--steps'\n")
})

describe('the error for a command name of other programs', () => {
  test.each([
    ['run', 'render'],
    ['generate', 'render'],
    ['generate a.png --steps 5', 'render'],
    ['list', 'status'],
    ['retry', 'redrive'],
    ['start', 'one of local, worker'],
    ['stop', 'cancel'],
    ['export', 'compile'],
    ['push', 'one of submit, models push'],
    ['install', 'cuda install'],
    ['version', '--version'],
    ['models ls', 'list'],
    ['models upload', 'push'],
    ['cuda setup', 'install'],
  ])('suggests the command of svd that is meant in: svd %s', async (line, meant) => {
    const typed = line.replace(/^(models|cuda) /, '').split(' ')[0]
    expect(await mistakeOf(line)).toBe(`error: unknown command '${typed}'\n(Did you mean ${meant}?)\n`)
  })

  test('has no suggestion for an unrelated name', async () => {
    expect(await mistakeOf('frobnicate')).toBe("error: unknown command 'frobnicate'\n")
  })
})
