import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { openPromise } from 'yauzl'
import type { FileFigures } from './frames-to-encode.ts'
import { frameName } from './write-frames.ts'

/** Frame count and size of a ZIP of PNGs. Throws for a name that is not the expected one, and for frames of two sizes. */
export const readPngZip = async (file: string): Promise<FileFigures> => {
  const zip = await openPromise(file, { autoClose: false })
  try {
    let frameCount = 0
    let size = { width: 0, height: 0 }
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== frameName(frameCount))
        throw new Error(`${file} has ${entry.fileName} in place of ${frameName(frameCount)}`)
      const { width, height } = await sharp(await buffer(await zip.openReadStreamPromise(entry))).metadata()
      if (frameCount === 0) size = { width, height }
      if (width !== size.width || height !== size.height) {
        throw new Error(
          `${file} has ${entry.fileName} of ${width}x${height}, and frames before it of ${size.width}x${size.height}`,
        )
      }
      frameCount++
    }
    return { ...size, frameCount, fps: null }
  } finally {
    zip.close()
  }
}
