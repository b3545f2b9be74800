import { openClient } from 'svd-batch/client'

/*
 * Submits images and manifests, waits for their jobs, and prints each result:
 *
 *   node read-results.ts manifest-with-grid.json worker/demo-samples videos
 *
 * SVD_INPUT_BUCKET and SVD_OUTPUT_BUCKET name the buckets, as `svd local` or the stack prints them.
 */

const [file, imagesDir, folder] = process.argv.slice(2)
if (!file || !imagesDir || !folder) throw new Error('usage: read-results.ts FILE IMAGES_DIR FOLDER')

const client = openClient()
try {
  const submitted = await client.submit([file], file.endsWith('.json') ? { imagesDir } : {})
  for (const { faults } of submitted)
    for (const { field, message } of faults) console.error(`${field}: ${message}`)

  const jobIds = submitted.flatMap((one) => one.jobIds)
  await client.wait(jobIds, {
    onStatus: (jobs) =>
      console.error(`${jobs.filter(({ result }) => result !== null).length} of ${jobIds.length}`),
  })
  for (const result of await client.results(jobIds)) {
    const { image, parameters } = result.job
    const about = `${image.source_key}, motion_bucket_id ${parameters.motion_bucket_id}, seed ${parameters.seed}`
    if (result.state === 'succeeded') {
      const [video] = await client.download(result, folder)
      console.log(`${about}: ${video}`)
    } else console.log(`${about}: ${result.state}, ${result.failure?.reason}`)
  }
} finally {
  await client[Symbol.asyncDispose]()
}
