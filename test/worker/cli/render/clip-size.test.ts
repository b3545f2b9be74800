import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { aPng } from '../../../fixtures/images.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT, runCommandLine } from '../a-command-line.ts'

const rendered = async (args: readonly string[], ...sides: readonly (readonly [number, number])[]) => {
  const folder = await temporaryDir()
  const images: string[] = []
  for (const [width, height] of sides) {
    const image = path.join(folder, `${width}x${height}.png`)
    await writeFile(image, await aPng({ width, height }))
    images.push(image)
  }
  const command = [
    'render',
    ...images,
    '--checkpoint',
    DEMO_CHECKPOINT,
    '--output-dir',
    path.join(folder, 'out'),
  ]
  const { jobs, stderr, exitCode } = await runCommandLine([...command, ...args])
  const sizes = jobs.map(({ parameters: { width, height, fit } }) => `${width}x${height} ${fit}`)
  const told = stderr.split('\n').filter((line) => /^(?:warning|error): /.test(line))
  return { sizes, exitCode, stderr: told.join('\n').replaceAll(`${folder}/`, '') }
}

test('svd render takes the size of the model by default, and warns of a stretched image', async () => {
  expect(await rendered([], [96, 96], [96, 64])).toEqual({
    sizes: ['192x128 fill', '192x128 fill'],
    exitCode: 0,
    stderr:
      'warning: 96x96.png: the image is stretched 1.50-fold, from 96x96 to 192x128; size auto keeps its proportions',
  })
})

test('svd render --size auto keeps the proportions of each image', async () => {
  expect(await rendered(['--size', 'auto'], [96, 96], [64, 96], [96, 64], [100, 64])).toEqual({
    sizes: ['128x128 fill', '128x192 fill', '192x128 fill', '192x128 crop'],
    exitCode: 0,
    stderr: '',
  })
})

test('svd render --max-pixels limits the size that it chooses', async () => {
  const { sizes } = await rendered(['--max-pixels', '65536'], [96, 96])
  expect(sizes).toEqual(['256x256 fill'])
})

test.each([
  [['--size', 'auto', '--width', '64'], "--size: got 'auto' beside --width; give the one or the other"],
  [
    ['--width', '64', '--max-pixels', '9000'],
    '--max-pixels: got 9000, which bounds a size that is chosen; give it with --size auto',
  ],
  [['--size', '1000x1000', '--max-pixels', '9000'], '--max-pixels: got 9000'],
  [['--size', '100x100'], "--size: got '100x100'; must be auto "],
])('svd render refuses %j', async (args, message) => {
  const { exitCode, stderr, sizes } = await rendered(args, [96, 96])
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
  expect(sizes).toEqual([])
})

test('svd render --quiet prints no warning', async () => {
  const quiet = await rendered(['--quiet'], [96, 96])
  expect(quiet.stderr).toBe('')
})
