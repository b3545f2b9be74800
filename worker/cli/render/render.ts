import { findFfmpeg } from '../../video/ffmpeg-path.ts'
import { assertFfmpegEncodes } from '../../video/probe-ffmpeg.ts'
import type { CommandContext } from '../command-context.ts'
import { chooseClipDevice } from '../device-options.ts'
import { exitCodeOf, messageOf, worstOf } from '../exit-code.ts'
import { expandInputs } from '../expand-inputs.ts'
import { type ChosenSeeds, chooseSeeds } from '../seed-options.ts'
import { openMinuteLines } from '../terminal/minute-lines.ts'
import { openProgress } from '../terminal/progress.ts'
import { readVersions } from '../versions.ts'
import { weightCacheDir } from '../weight-cache-dir.ts'
import { clipName, outputOptionOf, prepareJobs } from './image-jobs.ts'
import { followLatestImage } from './image-progress.ts'
import type { RenderCommandOptions } from './options.ts'
import { makeOutputFolders } from './output-folders.ts'
import { renderImages } from './render-images.ts'
import {
  failureAsJson,
  type ImageReport,
  type NamedClip,
  reportsAsJson,
  resultAsJson,
  stoppedAsJson,
  summarize,
} from './report.ts'

interface Tellings {
  /** Called with each image's report, in their order. */
  readonly onReport: (report: ImageReport) => void
}

const renderAll = async (
  images: readonly string[],
  { options, seeds, note }: ChosenSeeds<RenderCommandOptions>,
  { onReport, ...context }: CommandContext & Tellings,
): Promise<number> => {
  const { environment, stdout, stderr, signal } = context
  const device = await chooseClipDevice(options, context)
  if (device.hint !== null) stderr.write(`${device.hint}\n`)
  const cacheDir = weightCacheDir(environment)
  const jobs = await prepareJobs(images, options, { device: device.choice, cacheDir, seeds })
  const lines = jobs.flatMap(({ image, warnings, convertedFrom }) => [
    ...(convertedFrom === null ? [] : [`${image}: converted from ${convertedFrom} to PNG\n`]),
    ...warnings.map((warning) => `warning: ${image}: ${warning}\n`),
  ])
  if (options.quiet !== true) for (const line of new Set([note ?? '', ...lines])) stderr.write(line)
  const ffmpeg = await findFfmpeg(environment)
  await assertFfmpegEncodes(ffmpeg, jobs[0]?.formats ?? [], signal)
  const versions = await readVersions()
  const debug = environment['SVD_DEBUG'] === '1'
  const names = jobs.map(clipName)
  const titles = names.length === 1 ? names : names.map((name, i) => `${i + 1}/${names.length} ${name}`)
  const quiet = options.quiet === true
  const minuteLines = openMinuteLines(stderr, { quiet })
  const progress = followLatestImage(openProgress(stderr, { quiet }), titles, { minuteLines })
  const exitCodes: number[] = []
  let stopped = false
  await using _folders = await makeOutputFolders(jobs, outputOptionOf(options))
  await using renderer = context.openRenderer(device.choice, {
    onRestart: (reason) => stderr.write(`${reason}\n`),
  })
  const tools = { ...context, renderer, ffmpegPath: ffmpeg.path, onProgress: progress.update }
  for await (const { index, job, outcome } of renderImages(jobs, tools)) {
    progress.end('value' in outcome ? 'made' : 'failed')
    progress.print(index, () => {
      if ('value' in outcome) {
        onReport(resultAsJson(job, outcome.value, device, versions))
        if (!options.json) stdout.write(summarize(job, outcome.value, device))
      } else if (signal.aborted) {
        stopped = true
      } else {
        exitCodes.push(exitCodeOf(outcome.error))
        onReport(failureAsJson(job, outcome.error))
        const subject = jobs.length === 1 ? '' : clipName(job)
        stderr.write(`${messageOf(outcome.error, { debug, subject })}\n`)
      }
    })
  }
  // A stop that came after the last image had its files stopped nothing.
  if (stopped) signal.throwIfAborted()
  return worstOf(exitCodes)
}

/**
 * Renders the images; one that fails does not stop the rest. They are told of in their order. Returns the worst exit
 * code. Throws InvalidInputError before anything runs, and the signal's reason when that aborts. With `--json`, one
 * object is written however it ends.
 */
export const runRender = async (
  inputs: readonly string[],
  options: RenderCommandOptions,
  context: CommandContext,
): Promise<number> => {
  const reports: ImageReport[] = []
  let clips: readonly NamedClip[] = inputs.map((image) => ({ image, seed: null }))
  const printJson = (report: object | undefined): void => {
    if (options.json) context.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  }
  let exitCode: number
  try {
    const images = await expandInputs(inputs)
    clips = images.map((image) => ({ image, seed: null }))
    const chosen = chooseSeeds(options)
    clips = clips.flatMap(({ image }) => (chosen.seeds ?? [null]).map((seed) => ({ image, seed })))
    exitCode = await renderAll(images, chosen, {
      ...context,
      onReport: (report) => reports.push(report),
    })
  } catch (error) {
    printJson(stoppedAsJson(clips, reports, error))
    throw error
  }
  printJson(reportsAsJson(reports, clips.length))
  return exitCode
}
