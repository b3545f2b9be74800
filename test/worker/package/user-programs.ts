/* Programs of a user of the package. They are checked and run where it is installed, so no other file imports them. */

/** Renders one clip, prints its phases and its files, and compiles the same checkpoint. */
export const RENDERS = `
import { type Clip, openCheckpoint } from 'svd-batch'

const [, , dir = '', image = '', folder = ''] = process.argv
const checkpoint = await openCheckpoint(dir, { device: 'cpu' })
const phases = new Set<string>()
const clip: Clip = await checkpoint.render(image, {
  output: folder + '/api.mp4',
  width: 64,
  height: 64,
  num_frames: 2,
  num_inference_steps: 2,
  seed: 7,
  onProgress: ({ phase, step, steps }) => phases.add(phase === 'denoise' ? phase + ' ' + step + '/' + steps : phase),
})
const fault = await checkpoint.render(image, { output: folder + '/no.mp4', width: 63 }).catch((error: Error) => error.message)
const graphs = await checkpoint.compile({ output: folder + '/onnx', width: 64, height: 64, num_frames: 2 })
await checkpoint[Symbol.asyncDispose]()
console.log(JSON.stringify({ phases: [...phases], videos: clip.videos, seed: String(clip.parameters.seed), fault, graphs }))
`

/** Submits an image to the pipeline that the environment names, waits, and downloads the clip. */
export const SUBMITS = `
import { type Client, openClient } from 'svd-batch/client'

const [, , image = '', folder = ''] = process.argv
const client: Client = openClient()
const submitted = await client.submit([image], {
  arguments: { width: 64, height: 64, num_frames: 2, num_inference_steps: 1 },
})
const jobIds = submitted.flatMap((file) => file.jobIds)
let seen = 0
const jobs = await client.wait(jobIds, { intervalMs: 200, onStatus: () => seen++ })
const results = await client.results(jobIds)
const files: string[] = []
for (const result of results) files.push(...(await client.download(result, folder)))
const now = await client.status(jobIds)
await client[Symbol.asyncDispose]()
console.log(
  JSON.stringify({
    states: submitted.map((file) => file.state),
    jobs: jobs.map((job) => job.state),
    now: now.map((job) => job.state),
    seen: seen > 0,
    files,
  }),
)
`
