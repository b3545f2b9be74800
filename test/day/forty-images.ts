import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const SAMPLES = ['astronaut.png', 'chelsea.png', 'coffee.png', 'rocket.png']
/** Width and height of the images in pixels: square, portrait and landscape. */
const SIZES = [
  [100, 100],
  [72, 108],
  [150, 100],
  [90, 90],
  [64, 108],
] as const

export const MOTIONS = [40, 127, 200, 255] as const

/**
 * Writes forty images of four sample photos into `folder`, and a manifest that names them and gives each its own id and
 * one of four motions. Returns the ids. Clips are small and have few steps, so that forty take a minute.
 */
export const writeFortyImages = async (folder: string, manifestFile: string): Promise<readonly string[]> => {
  await mkdir(folder, { recursive: true })
  const items: { id: string; image: string; parameters: object }[] = []
  for (let index = 0; index < 40; index++) {
    const sample = SAMPLES[index % SAMPLES.length]!
    const [width, height] = SIZES[index % SIZES.length]!
    const id = `product-${String(index + 1).padStart(2, '0')}`
    const source = fileURLToPath(new URL(`../../worker/demo-samples/${sample}`, import.meta.url))
    const cut = { left: index, top: index % 20, width, height }
    await sharp(source)
      .extract(cut)
      .toFile(path.join(folder, `${id}.png`))
    const parameters = { motion_bucket_id: MOTIONS[Math.floor(index / 10)] }
    items.push({ id, image: `images/products/${id}.png`, parameters })
  }
  const defaults = { num_frames: 4, num_inference_steps: 4, max_pixels: 16_384, seed: 1 }
  await writeFile(manifestFile, JSON.stringify({ defaults, items }))
  return items.map(({ id }) => id)
}
