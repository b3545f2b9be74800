import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts'
import { findFfmpeg } from '../../video/ffmpeg-path.ts'
import { assertFfmpegEncodes } from '../../video/probe-ffmpeg.ts'
import type { CommandContext } from '../command-context.ts'
import { chooseClipDevice } from '../device-options.ts'
import { exitCodeOf, messageOf, worstOf } from '../exit-code.ts'
import { expandInputs } from '../expand-inputs.ts'
import { type ChosenSeeds, chooseSeeds } from '../seed-options.ts'
import { openProgress } from '../terminal/progress.ts'
import { readVersions } from '../versions.ts'
import { weightCacheDir } from '../weight-cache-dir.ts'
import { type BatchCount, batchSummary, resumeAdvice } from './batch-end.ts'
import type { ImageFault } from './check-images.ts'
import { hashedOnDemand, makerOf, type SharedFacts } from './clip-facts.ts'
import { clipName, outputOptionOf } from './image-jobs.ts'
import { followLatestImage } from './image-progress.ts'
import type { RenderCommandOptions } from './options.ts'
import { makeOutputFolders } from './output-folders.ts'
import { type Batch, prepareBatch } from './prepare-batch.ts'
import { renderImages } from './render-images.ts'
import { assertRecordsReplaceable } from './replaceable-records.ts'
import {
  failureAsJson,
  type NamedClip,
  type NamedReport,
  reportsAsJson,
  resultAsJson,
  skippedAsJson,
  stoppedAsJson,
  summarize,
  summarizeKept,
} from './report.ts'
import { type SortedJobs, skipExisting } from './skip-existing.ts'

interface Tellings {
  readonly onReport: (report: NamedReport) => void
}

interface Sorted extends SortedJobs {
  readonly faults: readonly ImageFault[]
}

const sortJobs = async (
  { jobs, faults, pixels }: Batch,
  options: RenderCommandOptions,
  facts: SharedFacts,
  signal: AbortSignal,
): Promise<Sorted> => {
  const option = outputOptionOf(options)
  await assertRecordsReplaceable(jobs, option)
  if (options.skipExisting !== true) return { toRender: jobs, kept: [], faults }
  if (options.metadata === false) {
    throw new InvalidInputError(
      '--skip-existing',
      'cannot go with --no-metadata, because it compares clips by their records; give one of them',
    )
  }
  const overwrite = options.overwrite === true
  return { ...(await skipExisting(jobs, { facts, pixels, overwrite, option, signal })), faults }
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
  const batch = await prepareBatch(images, options, { device: device.choice, cacheDir, seeds }, signal)
  const versions = await readVersions()
  const { checkpoint, variant } = options
  const open = () => openCheckpoint(checkpoint, variant === undefined ? {} : { variant })
  const facts = {
    maker: makerOf(device, versions.svd_batch),
    model: hashedOnDemand(checkpoint, open, signal),
  }
  const { toRender, kept, faults } = await sortJobs(batch, options, facts, signal)
  const debug = environment['SVD_DEBUG'] === '1'
  const clipCount = batch.jobs.length + faults.length
  const exitCodes: number[] = []
  const failed: string[] = []
  const reportFailure = (clip: NamedClip, error: unknown): void => {
    exitCodes.push(exitCodeOf(error))
    failed.push(clipName(clip))
    onReport({ clip, report: failureAsJson(clip, error) })
    stderr.write(`${messageOf(error, { debug, subject: clipCount === 1 ? '' : clipName(clip) })}\n`)
  }
  for (const { image, error } of faults) reportFailure({ image, seed: null }, error)
  const warningLines = toRender.flatMap(({ image, warnings }) =>
    warnings.map((warning) => `warning: ${image}: ${warning}\n`),
  )
  if (options.quiet !== true) for (const line of new Set([note ?? '', ...warningLines])) stderr.write(line)
  for (const one of kept) {
    onReport({ clip: one.job, report: skippedAsJson(one) })
    if (!options.json) stdout.write(summarizeKept(one))
  }
  let rendered = 0
  let stopped = false
  const countNow = (): BatchCount => ({ clips: clipCount, rendered, skipped: kept.length, failed })
  if (toRender.length > 0) {
    const ffmpeg = await findFfmpeg(environment)
    await assertFfmpegEncodes(ffmpeg, signal)
    // Hashed beside the first render.
    if (options.metadata !== false) void facts.model()
    const names = toRender.map(clipName)
    const titles = names.length === 1 ? names : names.map((name, i) => `${i + 1}/${names.length} ${name}`)
    const progress = followLatestImage(openProgress(stderr, { quiet: options.quiet === true }), titles)
    await using _folders = await makeOutputFolders(toRender, outputOptionOf(options))
    await using renderer = context.openRenderer(device.choice, {
      onRestart: (reason) => stderr.write(`${reason}\n`),
    })
    const tools = { ...context, renderer, ffmpegPath: ffmpeg.path, facts, onProgress: progress.update }
    for await (const { index, job, outcome } of renderImages(toRender, tools)) {
      progress.print(index, () => {
        if ('value' in outcome) {
          rendered++
          onReport({ clip: job, report: resultAsJson(job, outcome.value, device, versions) })
          if (!options.json) stdout.write(summarize(job, outcome.value, device))
        } else if (signal.aborted) {
          stopped = true
        } else {
          reportFailure(job, outcome.error)
        }
      })
    }
  }
  // A stop that came after the last image had its files stopped nothing.
  if (stopped) {
    stderr.write(resumeAdvice(countNow(), { metadata: options.metadata !== false }))
    signal.throwIfAborted()
  }
  if (!options.json) stdout.write(batchSummary(countNow()))
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
