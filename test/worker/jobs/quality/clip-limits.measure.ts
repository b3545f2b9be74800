import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RenderArguments } from '../../../../shared/contracts/render-arguments.ts'
import type { RgbImage } from '../../../../shared/image/rgb-image.ts'
import { clipFaults } from '../../../../worker/jobs/quality/clip-faults.ts'
import {
  type ClipFigures,
  largestSeamChange,
  measureFrames,
} from '../../../../worker/jobs/quality/clip-figures.ts'
import { CLIP_LIMITS } from '../../../../worker/jobs/quality/clip-limits.ts'
import {
  type DemoClip,
  type DemoPhoto,
  type DemoRenderer,
  openDemoRenderer,
} from '../../../fixtures/demo-clips.ts'
import { brightenChunks, SPOIL } from '../../../fixtures/spoilt-clips.ts'

/* Where the limits of clip-limits.ts come from: real clips, and what is left between them and the same ones spoilt. */

const signal = new AbortController().signal

const measure = (
  { parameters, fitted, frames }: DemoClip,
  changes: {
    readonly frames?: readonly Uint8Array[]
    readonly fitted?: Uint8Array
    readonly chunkSize?: number
  } = {},
): Promise<ClipFigures> => {
  const shown = changes.frames ?? frames
  const cut = {
    frameCount: shown.length,
    decodeChunkSize: changes.chunkSize ?? parameters.decodeChunkSize,
    decodeOverlap: changes.chunkSize === undefined ? parameters.decodeOverlap : 0,
  }
  return measureFrames(shown, changes.fitted ?? fitted, cut, signal)
}

const checksOf = (figures: ClipFigures) => clipFaults(figures, CLIP_LIMITS).map(({ check }) => check)

const PHOTOS: readonly DemoPhoto[] = ['coffee', 'rocket', 'chelsea', 'astronaut']

const SLOW: RenderArguments = { motion_bucket_id: 1 }

/** Clips with the smallest and the largest motion, much noise, strong guidance, another seed, and each decoding. */
const CLIPS: readonly (readonly [DemoPhoto, RenderArguments])[] = [
  ...PHOTOS.map((photo) => [photo, SLOW] as const),
  ['coffee', {}],
  ['astronaut', { motion_bucket_id: 255 }],
  ['rocket', { noise_aug_strength: 0.5 }],
  ['coffee', { min_guidance_scale: 6, max_guidance_scale: 6 }],
  ['chelsea', { seed: 1n }],
  ['coffee', { decode_chunk_size: 1 }],
  ['chelsea', { decode_chunk_size: 2 }],
  ['coffee', { decode_chunk_size: 5 }],
  ['rocket', { decode_chunk_size: 5, decode_overlap: 2 }],
  ['coffee', { decode_chunk_size: 8, decode_overlap: 2 }],
]

let renderer: DemoRenderer
let photos: Readonly<Record<DemoPhoto, RgbImage>>

/** Rendered clips by their photo and arguments. The same clips are damaged afterwards. */
const rendered = new Map<string, Promise<DemoClip>>()
const render = (photo: DemoPhoto, given: RenderArguments): Promise<DemoClip> => {
  const key = [photo, ...Object.entries(given).flat()].join(' ')
  const clip = rendered.get(key) ?? renderer.render(photos[photo], given)
  rendered.set(key, clip)
  return clip
}

beforeAll(async () => {
  renderer = await openDemoRenderer()
  const read = PHOTOS.map(async (name) => [name, await renderer.photo(name)] as const)
  photos = Object.fromEntries(await Promise.all(read)) as Record<DemoPhoto, RgbImage>
})

afterAll(() => renderer?.[Symbol.asyncDispose]())

describe('a clip of the demo checkpoint', () => {
  test.each(CLIPS)('of %s with %o has no faults and is far from each limit', async (photo, given) => {
    const figures = await measure(await render(photo, given))
    expect(clipFaults(figures, CLIP_LIMITS)).toEqual([])
    const { frames, image, changes, firstFramePsnrDb } = figures
    expect(Math.min(...frames.map(({ mean }) => mean))).toBeGreaterThan(60)
    expect(Math.min(...frames.map(({ spread }) => spread)) / image.spread).toBeGreaterThan(0.65)
    expect(Math.max(...changes)).toBeGreaterThan(2)
    expect(largestSeamChange(figures)?.ratio ?? 0).toBeLessThan(1.4)
    expect(firstFramePsnrDb).toBeGreaterThan(15)
  })

  test.each(PHOTOS)('of %s has one fault after each kind of damage', async (photo) => {
    const clip = await render(photo, SLOW)
    for (const [how, spoil] of Object.entries(SPOIL)) {
      const figures = await measure(clip, { frames: spoil(clip.frames) })
      expect(clipFaults(figures, CLIP_LIMITS), how).toHaveLength(1)
    }
    const flickering = await measure(clip, { frames: brightenChunks(clip.frames, 5, 16), chunkSize: 5 })
    expect(checksOf(flickering)).toEqual(['seams'])
    expect(largestSeamChange(flickering)?.ratio).toBeGreaterThan(2)
    for (const other of PHOTOS) {
      if (other === photo) continue
      const figures = await measure(clip, { fitted: photos[other].data })
      expect(checksOf(figures), other).toEqual(['likeness'])
      expect(figures.firstFramePsnrDb).toBeLessThan(11.5)
    }
  })

  test('may be as dark as an image of a night', async () => {
    const { width, height, data } = photos.coffee
    const night = { width, height, data: data.map((value) => value * 0.06) }
    const figures = await measure(await renderer.render(night))
    expect(figures.image.mean).toBeLessThan(CLIP_LIMITS.blackMean)
    expect(clipFaults(figures, CLIP_LIMITS)).toEqual([])
  })

  test.each(['black', 'grey'])('may be as uniform as a %s image', async (colour) => {
    const data = new Uint8Array(192 * 128 * 3).fill(colour === 'black' ? 0 : 128)
    const figures = await measure(await renderer.render({ width: 192, height: 128, data }))
    expect(clipFaults(figures, CLIP_LIMITS)).toEqual([])
  })
})
