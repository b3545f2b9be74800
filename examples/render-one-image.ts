import { openCheckpoint } from 'svd-batch'

/*
 * Renders one image on this machine:
 *
 *   node render-one-image.ts worker/demo photo.png clip.mp4
 */

const [checkpointDir, image, output] = process.argv.slice(2)
if (!checkpointDir || !image || !output)
  throw new Error('usage: render-one-image.ts CHECKPOINT IMAGE OUTPUT.mp4')

const checkpoint = await openCheckpoint(checkpointDir)
try {
  const { videos, parameters, seconds } = await checkpoint.render(image, {
    output,
    motion_bucket_id: 90,
    seed: 7,
    onProgress: ({ phase, step, steps }) => console.error(`${phase} ${step}/${steps}`),
  })
  console.log(`${videos[0]?.video}: ${parameters.numFrames} frames in ${seconds.toFixed(1)} s`)
} finally {
  await checkpoint[Symbol.asyncDispose]()
}
