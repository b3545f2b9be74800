import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { aFolderOfImages, renderCommand } from './render-command.ts'

test('svd render --seeds renders each image once for each seed, into files that name the seed', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg', 'b.jpg')
  const { exitCode, stdout, stderr, jobs, renderers } = await renderCommand([
    ...[at('a.jpg'), at('b.jpg'), '--output-dir', at('videos'), '--frames-dir', at('frames')],
    ...['--seeds', '5,7', '--json'],
  ])
  expect({ exitCode, stderr, renderers }).toEqual({
    exitCode: 0,
    stderr: '',
    renderers: { opened: 1, open: 0 },
  })
  expect(jobs.map(({ parameters, keepWarm }) => [parameters.seed, keepWarm])).toEqual([
    [5n, true],
    [7n, true],
    [5n, true],
    [7n, true],
  ])
  const { results } = JSON.parse(stdout)
  expect(
    results.map(
      ({
        image,
        parameters,
        videos,
      }: {
        image: string
        parameters: { seed: number }
        videos: { path: string }[]
      }) => [path.basename(image), parameters.seed, ...videos.map((video) => path.basename(video.path))],
    ),
  ).toEqual([
    ['a.jpg', 5, 'a-seed5.mp4'],
    ['a.jpg', 7, 'a-seed7.mp4'],
    ['b.jpg', 5, 'b-seed5.mp4'],
    ['b.jpg', 7, 'b-seed7.mp4'],
  ])
  expect((await readdir(path.join(folder, 'frames'))).toSorted()).toEqual([
    ...['a-seed5', 'a-seed7', 'b-seed5', 'b-seed7'],
  ])
})

test('svd render --seeds names the seed of a clip that failed', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const { exitCode, stdout, stderr } = await renderCommand(
    [at('a.jpg'), '--output', at('o.mp4'), '--seeds', '5,18446744073709551615', '--json'],
    { failures: { 'a.jpg': new Error('no luck') } },
  )
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`error: ${at('a.jpg')} (seed 5): no luck\n`)
  expect(JSON.parse(stdout).results).toMatchObject([
    { status: 'failed', image: at('a.jpg'), seed: 5 },
    { status: 'failed', image: at('a.jpg'), seed: '18446744073709551615' },
  ])
})

test('svd render --seeds prints a warning of several clips once', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const { stderr } = await renderCommand([
    ...[at('a.jpg'), '--output', at('o.mp4'), '--seeds', '1..3', '--motion-bucket-id', '500'],
  ])
  expect(stderr.match(/^warning: .*motion_bucket_id.*$/gm)).toHaveLength(1)
})

test('svd render --seed random prints the seed that it drew, and renders with it', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const args = [at('a.jpg'), '--output', at('o.mp4'), '--json']
  const drawn = await renderCommand([...args, '--seed', 'random'])
  const [, seed = ''] =
    /^seed (\d+) was drawn; --seed \1 makes the same clips again$/m.exec(drawn.stderr) ?? []
  const again = await renderCommand([...args, '--seed', seed])
  expect(again.jobs[0]?.parameters).toEqual(drawn.jobs[0]?.parameters)
  expect(JSON.parse(drawn.stdout).parameters.seed).toBe(Number(seed))
  const quiet = await renderCommand([...args, '--seed', 'random', '--quiet'])
  expect(quiet.stderr).toBe('')
})

test.each([
  [['--seeds', '1..8', '--seed', '1'], "--seeds: got '1..8' beside --seed 1; give one of them"],
  [['--seeds', '8..1'], "--seeds: got '8..1', and 8..1 falls; write 1..8; must be"],
  [['--seed', '1..8'], "--seed: got '1..8'; must be one number, or random; give several as --seeds 1..8"],
])('svd render renders nothing for %j', async (args, message) => {
  const { at } = await aFolderOfImages('a.jpg')
  const { exitCode, stderr, renderers } = await renderCommand([at('a.jpg'), '--output', at('o.mp4'), ...args])
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) })
  expect(renderers.opened).toBe(0)
})

test('svd render --seeds refuses clips with the same name before it renders', async () => {
  const { at } = await aFolderOfImages('a.jpg', 'a.png')
  const { exitCode, stderr, renderers } = await renderCommand([
    ...[at('a.jpg'), at('a.png'), '--output-dir', at('o'), '--seeds', '7,8'],
  ])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining(`a.jpg and ${at('a.png')} would both become a-seed7.mp4`),
  })
  expect(renderers.opened).toBe(0)
})
