import { findFfmpeg } from '../video/ffmpeg-path.ts'
import { exitCodeOf, messageOf, worstOf } from './exit-code.ts'
import { followLatestImage } from './image-progress.ts'
import { makeOutputFolders } from './output-folders.ts'
import { openProgress } from './progress.ts'
import { renderImages } from './render-images.ts'
import { outputOptionOf, prepareJobs } from './render-jobs.ts'
import type { RenderOptions } from './render-options.ts'
import { failureAsJson, type ImageReport, resultAsJson, summarize } from './render-report.ts'
import type { Surroundings } from './surroundings.ts'
import { readVersions } from './versions.ts'
import { weightCacheDir } from './weight-cache-dir.ts'

/**
 * Renders the images; one that fails does not stop the rest. They are told of in their order. Returns the worst exit
 * code. Throws InvalidInputError before anything runs, and the signal's reason when that aborts.
 */
export const runRender = async (
  images: readonly string[],
  options: RenderOptions,
  surroundings: Surroundings,
): Promise<number> => {
  const { environment, stdout, stderr, signal } = surroundings
  const { path: ffmpegPath } = await findFfmpeg(environment)
  const jobs = await prepareJobs(images, options, { cacheDir: weightCacheDir(environment) })
  const versions = await readVersions()
  const debug = environment['SVD_DEBUG'] === '1'
  const titles = images.length === 1 ? images : images.map((image, i) => `${i + 1}/${images.length} ${image}`)
  const progress = followLatestImage(openProgress(stderr, { quiet: options.quiet === true }), titles)
  const reports: ImageReport[] = []
  const exitCodes: number[] = []
  await using _folders = await makeOutputFolders(jobs, outputOptionOf(options))
  await using renderer = surroundings.openRenderer()
  const outcomes = renderImages(jobs, { ...surroundings, renderer, ffmpegPath, onProgress: progress.update })
  for await (const { index, job, outcome } of outcomes) {
    progress.tell(index, () => {
      if ('value' in outcome) {
        reports.push(resultAsJson(job, outcome.value, versions))
        if (!options.json) stdout.write(summarize(job, outcome.value))
      } else if (!signal.aborted) {
        exitCodes.push(exitCodeOf(outcome.error))
        reports.push(failureAsJson(job.image, outcome.error))
        const subject = jobs.length === 1 ? '' : job.image
        stderr.write(`${messageOf(outcome.error, { debug, subject })}\n`)
      }
    })
  }
  signal.throwIfAborted()
  if (options.json)
    stdout.write(`${JSON.stringify(jobs.length === 1 ? reports[0] : { results: reports }, null, 2)}\n`)
  return worstOf(exitCodes)
}
