import { readFile, writeFile } from 'node:fs/promises'
import { RGB_CHANNELS, type RgbImage } from '../../shared/image/rgb-image.ts'
import type { RgbFile } from './render-job.ts'

/** Writes the pixels alone, as RGB24; the size goes beside them. */
export const writeRgbFile = async (path: string, image: RgbImage, signal: AbortSignal): Promise<RgbFile> => {
  await writeFile(path, image.data, { signal })
  return { path, width: image.width, height: image.height }
}

/** Throws if the file has not the pixels of its size. */
export const readRgbFile = async ({ path, width, height }: RgbFile): Promise<RgbImage> => {
  const data = await readFile(path)
  const expected = width * height * RGB_CHANNELS
  if (data.length !== expected) {
    throw new Error(`${path} has ${data.length} bytes; ${width}x${height} RGB24 takes ${expected}`)
  }
  return { width, height, data }
}
