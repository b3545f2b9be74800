import { createWriteStream } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { readPngZip } from '../../../worker/video/read-png-zip.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const aZip = async (...frames: readonly (readonly [name: string, width: number, height: number])[]) => {
  const file = path.join(await temporaryDir(), 'frames.zip')
  const zip = new ZipFile()
  for (const [name, width, height] of frames) {
    const image = sharp({ create: { width, height, channels: 3, background: 'red' } })
    zip.addBuffer(await image.png().toBuffer(), name)
  }
  zip.end()
  await pipeline(zip.outputStream as Readable, createWriteStream(file))
  return file
}

test('readPngZip returns the count and size of the frames of a ZIP, and no rate', async () => {
  const file = await aZip(['0000.png', 64, 48], ['0001.png', 64, 48])
  expect(await readPngZip(file)).toEqual({ width: 64, height: 48, frameCount: 2, fps: null })
})

test('readPngZip refuses a frame that differs in size from the first', async () => {
  const file = await aZip(['0000.png', 64, 48], ['0001.png', 64, 48], ['0002.png', 64, 46])
  await expect(readPngZip(file)).rejects.toThrow(
    `${file} has 0002.png of 64x46, and frames before it of 64x48`,
  )
})

test('readPngZip names a frame that is missing or has another name', async () => {
  const file = await aZip(['0000.png', 64, 48], ['0002.png', 64, 48])
  await expect(readPngZip(file)).rejects.toThrow(`${file} has 0002.png in place of 0001.png`)
})
