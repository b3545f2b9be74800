import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type OutputRequest, planOutputs } from '../../../worker/clips/outputs.ts'

const plan = (request: Partial<OutputRequest>) =>
  planOutputs({
    images: ['in/cup.jpg'],
    output: undefined,
    outputDir: undefined,
    framesDir: undefined,
    videosPerImage: 1,
    formats: ['mp4'],
    ...request,
  }).map(({ image, outputs, framesDirs }) => ({
    image,
    outputs: outputs.map((file) => path.relative('', file)),
    framesDirs: framesDirs?.map((dir) => path.relative('', dir)) ?? null,
  }))

describe('files are named', () => {
  test('as --output says', () => {
    expect(plan({ output: 'o/x.y.mp4', framesDir: 'f' })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/x.y.mp4'], framesDirs: ['f'] },
    ])
  })

  test('with a number when there are several videos of an image', () => {
    expect(plan({ output: 'o/x.mp4', framesDir: 'f', videosPerImage: 2 })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/x-0.mp4', 'o/x-1.mp4'], framesDirs: ['f/x-0', 'f/x-1'] },
    ])
  })

  test('like their image in --output-dir', () => {
    expect(plan({ images: ['in/cup.jpg', 'b.c.png'], outputDir: 'o', framesDir: 'f' })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/cup.mp4'], framesDirs: ['f/cup'] },
      { image: 'b.c.png', outputs: ['o/b.c.mp4'], framesDirs: ['f/b.c'] },
    ])
  })
})

describe('with seeds, files are named', () => {
  test('with each seed', () => {
    expect(plan({ output: 'o/x.mp4', framesDir: 'f', seeds: [7n, -1n] })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/x-seed7.mp4'], framesDirs: ['f/x-seed7'] },
      { image: 'in/cup.jpg', outputs: ['o/x-seed-1.mp4'], framesDirs: ['f/x-seed-1'] },
    ])
  })

  test('so also for one seed, that the next one changes no name', () => {
    expect(plan({ output: 'o/x.mp4', seeds: [7n] })).toMatchObject([{ outputs: ['o/x-seed7.mp4'] }])
  })

  test('for each image, and with a number when there are several videos of each', () => {
    const request = { images: ['a.jpg', 'b.jpg'], outputDir: 'o', videosPerImage: 2, seeds: [1n, 2n] }
    expect(plan(request).map(({ outputs }) => outputs)).toEqual([
      ['o/a-seed1-0.mp4', 'o/a-seed1-1.mp4'],
      ['o/a-seed2-0.mp4', 'o/a-seed2-1.mp4'],
      ['o/b-seed1-0.mp4', 'o/b-seed1-1.mp4'],
      ['o/b-seed2-0.mp4', 'o/b-seed2-1.mp4'],
    ])
  })
})

test('names may have as many bytes as the poster leaves them', () => {
  const name = 'n'.repeat(255 - '.poster.png'.length)
  expect(plan({ output: `o/${name}.mp4` })).toMatchObject([{ outputs: [`o/${name}.mp4`] }])
})

describe('it is a mistake', () => {
  test.each<[string, Partial<OutputRequest>, string]>([
    ['to say no output', {}, '--output: is missing; give --output VIDEO.mp4, or --output-dir DIR'],
    [
      'to say two',
      { output: 'a.mp4', outputDir: 'o' },
      '--output-dir: cannot go with --output; give one of them',
    ],
    [
      'to give one file for two images',
      { images: ['a.jpg', 'b.jpg'], output: 'a.mp4' },
      "--output: got 'a.mp4' for 2 images; give --output-dir DIR, and each video is named like its image",
    ],
    [
      'to give images that would have the same video',
      { images: ['x/a.jpg', 'y/a.png'], outputDir: 'o' },
      '--output-dir: x/a.jpg and y/a.png would both become a.mp4; rename one, or render it on its own',
    ],
    [
      'to give a name that leaves none for the poster',
      { output: `o/${'n'.repeat(245)}.mp4` },
      `--output: ${'n'.repeat(245)}.mp4 is too long a name: 1 of its bytes have to go, for its poster's may have 255; choose a shorter one`,
    ],
    [
      'to give one that becomes too long by its number',
      { output: `o/${'n'.repeat(244)}.mp4`, videosPerImage: 2 },
      `-0.mp4 is too long a name: 2 of its bytes have to go`,
    ],
    [
      'to count letters instead of bytes',
      { images: [`${'é'.repeat(123)}.jpg`], outputDir: 'o' },
      "2 of its bytes have to go, for its poster's may have 255; rename the image, or name the video with --output",
    ],
    [
      'to end the name in capitals',
      { output: 'a.MP4' },
      "--output: got 'a.MP4'; must be a file name that ends in .mp4 (for a folder, give --output-dir)",
    ],
  ])('%s', (_, request, message) => {
    expect(() => plan(request)).toThrow(message)
  })
})
