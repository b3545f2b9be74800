import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { RGB_CHANNELS, type RgbImage } from '../../shared/image/rgb-image.ts'
import type { RgbFile } from './render-job.ts'

const sha256Of = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** Writes the pixels alone, as RGB24; size and SHA-256 go beside them. */
export const writeRgbFile = async (path: string, image: RgbImage, signal: AbortSignal): Promise<RgbFile> => {
  await writeFile(path, image.data, { signal })
  return { path, width: image.width, height: image.height, sha256: sha256Of(image.data) }
}

/** Throws if the file does not hold the pixels that were written; where their hash is not known, if it has not their size. */
export const readRgbFile = async ({ path, width, height, sha256 }: RgbFile): Promise<RgbImage> => {
  const data = await readFile(path)
  const expected = width * height * RGB_CHANNELS
  if (data.length !== expected) {
    throw new Error(`${path} has ${data.length} bytes; ${width}x${height} RGB24 takes ${expected}`)
  }
  if (sha256 === null) return { width, height, data }
  const actual = sha256Of(data)
  if (actual !== sha256) throw new Error(`${path} has SHA-256 ${actual}, and ${sha256} when it was written`)
  return { width, height, data }
}
