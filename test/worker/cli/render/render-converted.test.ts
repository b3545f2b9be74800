import { copyFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { decodeImage } from '../../../../shared/image/decode-image.ts'
import type { ImageJob } from '../../../../worker/clips/image-job.ts'
import { openImageSource } from '../../../../worker/clips/image-source.ts'
import { type RenderTools, renderImages } from '../../../../worker/clips/render-images.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { fakeStages } from '../fake-stages.ts'
import { renderCommand } from './render-command.ts'

const golden = await readGolden('converted-images')

/** Files of the golden in a folder of their own. */
const aFolder = async (...names: readonly string[]) => {
  const folder = await temporaryDir()
  for (const name of names) {
    const file = new URL(`../../../goldens/images/converted/${name}`, import.meta.url)
    await copyFile(fileURLToPath(file), path.join(folder, name))
  }
  return { folder, at: (name: string): string => path.join(folder, name) }
}

describe('svd render of an image that the renderer does not read', () => {
  test('converts the image, prints this, and takes the size of the upright image', async () => {
    const { at } = await aFolder('turned-6.avif')
    const { exitCode, stdout, stderr, jobs } = await renderCommand([
      ...[at('turned-6.avif'), '--output', at('o.mp4'), '--size', 'auto', '--json'],
    ])
    expect(exitCode).toBe(0)
    expect(stderr).toContain(`${at('turned-6.avif')}: converted from AVIF to PNG\n`)
    const { width, height } = jobs[0]?.parameters ?? expect.fail('no job')
    expect(height).toBeGreaterThan(width)
    expect(JSON.parse(stdout)).toMatchObject({ image: at('turned-6.avif'), converted_from: 'AVIF' })
  })

  test('finds such images in a folder, and names the videos after them', async () => {
    const { folder } = await aFolder('rgb.tiff', 'lossless.avif')
    const videos = path.join(folder, 'videos')
    const { exitCode, stderr } = await renderCommand([folder, '--output-dir', videos, '--quiet'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect((await readdir(videos)).filter((name) => name.endsWith('.mp4'))).toEqual([
      ...['lossless.mp4', 'rgb.mp4'],
    ])
  })

  test('reports an image that sharp does not decode, and renders the others', async () => {
    const { at } = await aFolder('refused-hevc.heic', 'rgb.tiff')
    const images = [at('refused-hevc.heic'), at('rgb.tiff')]
    const { exitCode, stderr, events } = await renderCommand([...images, '--output-dir', at('videos')])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `error: ${at('refused-hevc.heic')}: is an HEIC, which the installed sharp does not`,
    )
    expect(events).toContain('finished rgb.tiff')
  })
})

test('the prepare stage receives a PNG with the pixels of the TIFF', async () => {
  const { folder, at } = await aFolder('turned-6.tif')
  const seen: Uint8Array[] = []
  const job = {
    ...{ image: at('turned-6.tif'), seed: null, outputs: [at('o.mp4')], framesDirs: null, warnings: [] },
    ...{ convertedFrom: 'TIFF' as const, formats: [] },
    settings: { parameters: { width: 64, height: 32, fit: 'fill' } } as ImageJob['settings'],
  }
  const tools: RenderTools = {
    ...fakeStages({}, { jobs: [], events: [], renderers: { opened: 0, open: 0 } }),
    renderer: {
      render: () => Promise.reject(new Error('nothing is rendered')),
      async close() {},
      async [Symbol.asyncDispose]() {},
    },
    readImage: openImageSource().read,
    async prepareImage({ bytes }) {
      seen.push(bytes)
      throw new Error('enough')
    },
    ffmpegPath: 'ffmpeg',
    facts: {
      maker: { svd_batch: '0.1.0', execution_provider: 'cpu', precision: 'fp32' },
      model: () => Promise.reject(new Error('nothing is rendered')),
    },
    signal: AbortSignal.any([]),
    onProgress() {},
  }
  for await (const _ of renderImages([job], tools));
  const expected = golden.tensor<Uint8Array>('turned-6.tif')
  const image = await decodeImage(seen[0] ?? new Uint8Array(), 'image')
  expect([image.height, image.width, 3]).toEqual(expected.shape)
  expect(image.data).toEqual(expected.data)
  expect(await readdir(folder)).toEqual(['turned-6.tif'])
})
