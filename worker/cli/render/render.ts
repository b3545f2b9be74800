import { removeLeftovers } from '../../../shared/files/remove-leftovers.ts'
import { systemClock } from '../../../shared/system-clock.ts'
import { factsOf } from '../../clips/clip-facts.ts'
import type { ImageJob } from '../../clips/image-job.ts'
import { openImageSource } from '../../clips/image-source.ts'
import { makeOutputFolders, outputFolders } from '../../clips/output-folders.ts'
import { renderImages } from '../../clips/render-images.ts'
import { chooseClipDevice } from '../../device/clip-device.ts'
import { readVersions } from '../../engine/versions.ts'
import { weightCacheDir } from '../../engine/weight-cache-dir.ts'
import { findFfmpeg } from '../../video/ffmpeg-path.ts'
import { assertFfmpegEncodes } from '../../video/probe-ffmpeg.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCodeOf, messageOf, worstOf } from '../exit-code.ts'
import { expandInputs } from '../expand-inputs.ts'
import { type ChosenSeeds, chooseSeeds } from '../seed-options.ts'
import { leftoverLines } from '../terminal/leftover-lines.ts'
import { openMinuteLines } from '../terminal/minute-lines.ts'
import { openProgress } from '../terminal/progress.ts'
import { clipName, outputOptionOf } from './image-jobs.ts'
import { followLatestImage } from './image-progress.ts'
import type { RenderCommandOptions } from './options.ts'
import { prepareRender } from './prepare-render.ts'
import { type RenderCount, renderSummary, resumeAdvice } from './render-end.ts'
import {
  failureAsJson,
  type ImageReport,
  type NamedClip,
  type NamedReport,
  reportsAsJson,
  resultAsJson,
  skippedAsJson,
  stoppedAsJson,
  summarize,
  summarizeKept,
} from './report.ts'
import type { KeptJob } from './skip-existing.ts'
import { sortJobs } from './sort-jobs.ts'

interface RenderListener {
  readonly onReport: (report: NamedReport) => void
}

/** Prints and counts how clips end. */
const openReports = (
  clipCount: number,
  { json }: Pick<RenderCommandOptions, 'json'>,
  { environment, stdout, stderr, onReport }: CommandContext & RenderListener,
) => {
  const debug = environment['SVD_DEBUG'] === '1'
  const exitCodes: number[] = []
  const failed: string[] = []
  const count = { rendered: 0, skipped: 0 }
  const print = (text: string): void => {
    if (!json) stdout.write(text)
  }
  return {
    print,
    count: (): RenderCount => ({ clips: clipCount, ...count, failed }),
    exitCode: (): number => worstOf(exitCodes),
    failed(clip: NamedClip, error: unknown): void {
      exitCodes.push(exitCodeOf(error))
      failed.push(clipName(clip))
      onReport({ clip, report: failureAsJson(clip, error) })
      stderr.write(`${messageOf(error, { debug, subject: clipCount === 1 ? '' : clipName(clip) })}\n`)
    },
    skipped(kept: KeptJob): void {
      count.skipped++
      onReport({ clip: kept.job, report: skippedAsJson(kept) })
      print(summarizeKept(kept))
    },
    rendered(job: ImageJob, report: ImageReport, summary: string): void {
      count.rendered++
      onReport({ clip: job, report })
      print(summary)
    },
  }
}

const noteJobs = (jobs: readonly ImageJob[], note: string | null, stderr: CommandContext['stderr']): void => {
  const lines = jobs.flatMap(({ image, warnings, convertedFrom }) => [
    ...(convertedFrom === null ? [] : [`${image}: converted from ${convertedFrom} to PNG\n`]),
    ...warnings.map((warning) => `warning: ${image}: ${warning}\n`),
  ])
  for (const line of new Set([note ?? '', ...lines])) stderr.write(line)
}

const renderAll = async (
  images: readonly string[],
  { options, seeds, note }: ChosenSeeds<RenderCommandOptions>,
  context: CommandContext & RenderListener,
): Promise<number> => {
  const { environment, stderr, signal } = context
  const quiet = options.quiet === true
  const device = await chooseClipDevice(options, context)
  if (device.hint !== null) stderr.write(`${device.hint}\n`)
  const source = openImageSource()
  const settings = { device: device.choice, cacheDir: weightCacheDir(environment), seeds, source }
  const prepared = await prepareRender(images, options, settings, signal)
  const versions = await readVersions()
  const facts = factsOf(options, device, versions, signal)
  const { toRender, kept } = await sortJobs(prepared, options, facts, signal)
  const leftovers = await removeLeftovers(outputFolders(prepared.jobs), systemClock.now().getTime())
  if (!quiet) stderr.write(leftoverLines(leftovers))
  const reports = openReports(prepared.jobs.length + prepared.faults.length, options, context)
  for (const { image, error } of prepared.faults) reports.failed({ image, seed: null }, error)
  if (!quiet) noteJobs(toRender, note, stderr)
  for (const one of kept) reports.skipped(one)
  const [job] = toRender
  if (job === undefined) {
    reports.print(renderSummary(reports.count()))
    return reports.exitCode()
  }
  const ffmpeg = await findFfmpeg(environment)
  await assertFfmpegEncodes(ffmpeg, job.formats, signal)
  // The checkpoint is hashed beside the first render.
  if (options.metadata !== false) void facts.model()
  const names = toRender.map(clipName)
  const titles = names.length === 1 ? names : names.map((name, i) => `${i + 1}/${names.length} ${name}`)
  const minuteLines = openMinuteLines(stderr, { quiet })
  const progress = followLatestImage(openProgress(stderr, { quiet }), titles, { minuteLines })
  let stopped = false
  await using _folders = await makeOutputFolders(toRender, outputOptionOf(options))
  await using renderer = context.openRenderer(device.choice, {
    onRestart: (reason) => stderr.write(`${reason}\n`),
  })
  const tools = {
    ...{ ...context, renderer, readImage: source.read, ffmpegPath: ffmpeg.path, facts },
    onProgress: progress.update,
  }
  for await (const { index, job, outcome } of renderImages(toRender, tools)) {
    progress.end('value' in outcome ? 'made' : 'failed')
    progress.print(index, () => {
      if ('value' in outcome) {
        const report = resultAsJson(job, outcome.value, device, versions)
        reports.rendered(job, report, summarize(job, outcome.value, device))
      } else if (signal.aborted) {
        stopped = true
      } else {
        reports.failed(job, outcome.error)
      }
    })
  }
  // A stop that came after the last image had its files stopped nothing.
  if (stopped) {
    stderr.write(resumeAdvice(reports.count(), { metadata: options.metadata !== false }))
    signal.throwIfAborted()
  }
  reports.print(renderSummary(reports.count()))
  return reports.exitCode()
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
  const reports: NamedReport[] = []
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
  printJson(reportsAsJson(clips, reports))
  return exitCode
}
