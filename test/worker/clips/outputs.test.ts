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

describe('planOutputs without --seeds', () => {
  test('names the video as in --output', () => {
    expect(plan({ output: 'o/x.y.mp4', framesDir: 'f' })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/x.y.mp4'], framesDirs: ['f'] },
    ])
  })

  test('adds a number when an image has several videos', () => {
    expect(plan({ output: 'o/x.mp4', framesDir: 'f', videosPerImage: 2 })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/x-0.mp4', 'o/x-1.mp4'], framesDirs: ['f/x-0', 'f/x-1'] },
    ])
  })

  test('names the videos after their images in --output-dir', () => {
    expect(plan({ images: ['in/cup.jpg', 'b.c.png'], outputDir: 'o', framesDir: 'f' })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/cup.mp4'], framesDirs: ['f/cup'] },
      { image: 'b.c.png', outputs: ['o/b.c.mp4'], framesDirs: ['f/b.c'] },
    ])
  })
})

describe('planOutputs with --seeds', () => {
  test('adds each seed to the names', () => {
    expect(plan({ output: 'o/x.mp4', framesDir: 'f', seeds: [7n, -1n] })).toEqual([
      { image: 'in/cup.jpg', outputs: ['o/x-seed7.mp4'], framesDirs: ['f/x-seed7'] },
      { image: 'in/cup.jpg', outputs: ['o/x-seed-1.mp4'], framesDirs: ['f/x-seed-1'] },
    ])
  })

  test('adds a single seed too, so that a later seed changes no name', () => {
    expect(plan({ output: 'o/x.mp4', seeds: [7n] })).toMatchObject([{ outputs: ['o/x-seed7.mp4'] }])
  })

  test('adds the seed and a number when each image has several videos', () => {
    const request = { images: ['a.jpg', 'b.jpg'], outputDir: 'o', videosPerImage: 2, seeds: [1n, 2n] }
    expect(plan(request).map(({ outputs }) => outputs)).toEqual([
      ['o/a-seed1-0.mp4', 'o/a-seed1-1.mp4'],
      ['o/a-seed2-0.mp4', 'o/a-seed2-1.mp4'],
      ['o/b-seed1-0.mp4', 'o/b-seed1-1.mp4'],
      ['o/b-seed2-0.mp4', 'o/b-seed2-1.mp4'],
    ])
  })
})

test('planOutputs accepts a name that leaves 255 bytes for the name of the poster', () => {
  const name = 'n'.repeat(255 - '.poster.png'.length)
  expect(plan({ output: `o/${name}.mp4` })).toMatchObject([{ outputs: [`o/${name}.mp4`] }])
})

describe('planOutputs', () => {
  test.each<[string, Partial<OutputRequest>, string]>([
    ['a request without an output', {}, '--output: is missing; give --output VIDEO.mp4, or --output-dir DIR'],
    [
      '--output together with --output-dir',
      { output: 'a.mp4', outputDir: 'o' },
      '--output-dir: cannot go with --output; give one of them',
    ],
    [
      'one file for two images',
      { images: ['a.jpg', 'b.jpg'], output: 'a.mp4' },
      "--output: got 'a.mp4' for 2 images; give --output-dir DIR, and each video is named like its image",
    ],
    [
      'images that would have the same video',
      { images: ['x/a.jpg', 'y/a.png'], outputDir: 'o' },
      '--output-dir: x/a.jpg and y/a.png would both become a.mp4; rename one, or render it into another folder',
    ],
    [
      'to give images whose videos differ only in case',
      { images: ['in/IMG.png', 'in/img.jpg'], outputDir: 'o' },
      '--output-dir: in/IMG.png and in/img.jpg would become IMG.mp4 and img.mp4, which are one file where case or ' +
        'Unicode form does not count, as on macOS; rename one, or render it into another folder',
    ],
    [
      'to give images whose videos differ only in Unicode form',
      { images: ['x/caf\u00e9.png', 'y/cafe\u0301.png'], outputDir: 'o', seeds: [7n] },
      'would become caf\u00e9-seed7.mp4 and cafe\u0301-seed7.mp4, which are one file',
    ],
    [
      'a name that makes the name of the poster too long',
      { output: `o/${'n'.repeat(245)}.mp4` },
      `--output: ${'n'.repeat(245)}.mp4 is too long a name: 1 of its bytes have to go, for its poster's may have 255; choose a shorter one`,
    ],
    [
      'a name that becomes too long by its number',
      { output: `o/${'n'.repeat(244)}.mp4`, videosPerImage: 2 },
      `-0.mp4 is too long a name: 2 of its bytes have to go`,
    ],
    [
      'a name with too many UTF-8 bytes',
      { images: [`${'é'.repeat(123)}.jpg`], outputDir: 'o' },
      "2 of its bytes have to go, for its poster's may have 255; rename the image, or name the video with --output",
    ],
    [
      'an extension in capitals',
      { output: 'a.MP4' },
      "--output: got 'a.MP4'; must be a file name that ends in .mp4 (for a folder, give --output-dir)",
    ],
  ])('refuses %s', (_, request, message) => {
    expect(() => plan(request)).toThrow(message)
  })
})
