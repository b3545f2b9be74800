import type { RenderContext, Renderer } from '../renderer/child-process-renderer.ts'
import type { RenderJob, RenderResult } from '../renderer/render-job.ts'
import { findFfmpeg } from '../video/ffmpeg-path.ts'
import { exitCodeOf, messageOf, worstOf } from './exit-code.ts'
import { openProgress } from './progress.ts'
import { prepareJobs } from './render-jobs.ts'
import type { RenderOptions } from './render-options.ts'
import { failureAsJson, type ImageReport, resultAsJson, summarize } from './render-report.ts'
import { stageOutputs } from './staged-outputs.ts'
import type { Surroundings } from './surroundings.ts'
import { readVersions } from './versions.ts'
import { weightCacheDir } from './weight-cache-dir.ts'

const renderStaged = async (
  renderer: Renderer<RenderJob, RenderResult>,
  job: RenderJob,
  context: RenderContext,
): Promise<RenderResult> => {
  const staged = await stageOutputs(job)
  try {
    return await staged.publish(await renderer.render(staged.job, context))
  } finally {
    await staged.discard()
  }
}

/**
 * Renders the images one after the other; one that fails does not stop the rest. Returns the worst exit code.
 * Throws InvalidInputError before anything runs, and the signal's reason when that aborts.
 */
export const runRender = async (
  images: readonly string[],
  options: RenderOptions,
  { environment, stdout, stderr, signal, openRenderer }: Surroundings,
): Promise<number> => {
  const { path: ffmpegPath } = await findFfmpeg(environment)
  const jobs = await prepareJobs(images, options, { ffmpegPath, cacheDir: weightCacheDir(environment) })
  const versions = await readVersions()
  const debug = environment['SVD_DEBUG'] === '1'
  const progress = openProgress(stderr, { quiet: options.quiet === true })
  const reports: ImageReport[] = []
  const exitCodes: number[] = []
  await using renderer = openRenderer()
  for (const [index, { image, job }] of jobs.entries()) {
    progress.begin(jobs.length === 1 ? image : `${index + 1}/${jobs.length} ${image}`)
    try {
      const result = await renderStaged(renderer, job, { signal, onProgress: progress.update })
      progress.end()
      reports.push(resultAsJson(image, job, result, versions))
      if (!options.json) stdout.write(summarize(job, result))
    } catch (error) {
      progress.end()
      if (signal.aborted) throw signal.reason
      exitCodes.push(exitCodeOf(error))
      reports.push(failureAsJson(image, error))
      stderr.write(`${messageOf(error, { debug, subject: jobs.length === 1 ? '' : image })}\n`)
    }
  }
  if (options.json)
    stdout.write(`${JSON.stringify(jobs.length === 1 ? reports[0] : { results: reports }, null, 2)}\n`)
  return worstOf(exitCodes)
}
