import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { DEFAULT_SEVERITIES } from '../../../shared/contracts/clip-checks.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { isRunning } from '../../../shared/is-running.ts'
import type { Services } from '../../aws/services.ts'
import { chooseClipDevice, DEVICE_VARIABLE, readDeviceOption } from '../../device/clip-device.ts'
import { readVersions } from '../../engine/versions.ts'
import { weightCacheDir } from '../../engine/weight-cache-dir.ts'
import { openJobStages } from '../../jobs/open-job-stages.ts'
import { checkClip } from '../../jobs/quality/check-clip.ts'
import { openScratchFolders } from '../../jobs/scratch-folders.ts'
import { steadyStore } from '../../jobs/steady-store.ts'
import { openModel } from '../../models/open-model.ts'
import type { Check } from '../../preflight/check.ts'
import { checkWorker } from '../../preflight/check-worker.ts'
import { checkDevice } from '../../preflight/device-check.ts'
import { type Machine, thisMachine } from '../../preflight/machine.ts'
import type { Drain } from '../../queue/drain.ts'
import { LEASE_OPTIONS } from '../../queue/hold-lease.ts'
import { runWorker } from '../../queue/run-worker.ts'
import { WORKER_OPTIONS } from '../../queue/worker-deps.ts'
import type { WorkerLogEvent } from '../../telemetry/worker-event.ts'
import type { CommandContext } from '../command-context.ts'
import { countedSpeedOf } from './counted-speed.ts'
import type { WorkerSettings } from './settings.ts'

/** Model, bucket and queues of a worker. */
export interface WorkerResources {
  /** Source of the model, as `openModel` takes it. */
  readonly model: string
  readonly outputBucket: string
  readonly jobsQueueUrl: string
  /** URL of the dead-letter queue; `null` if this worker neither sends to it nor polls it. */
  readonly deadLetterQueueUrl: string | null
}

export interface WorkerTools
  extends Pick<
    CommandContext,
    'environment' | 'signal' | 'openImageProcess' | 'finishClip' | 'deviceProbes' | 'openRenderer'
  > {
  readonly services: Services
  readonly drain: Drain
  readonly onCheck: (check: Check) => void
  readonly onEvent: (event: WorkerLogEvent) => void
  readonly onBeat: () => void
  /** Price of this machine in US dollars an hour, for the estimate in results; `null` if it is not known. */
  readonly usdPerHour: number | null
  readonly machine?: Machine
}

/** Limit of a renderer's silence. A full-size step on a slow processor takes minutes; loading a network may too. */
export const STALL_SECONDS = 1800
const MAX_ATTEMPTS = 5

/**
 * Runs the preflight, opens the model and works on the queue until `drain` is notified or a limit of the settings is
 * reached. `signal` ends only what comes before the first message. Throws if the preflight fails, with all faults of
 * the machine, and if job after job failed on it.
 */
export const startWorker = async (
  { model: modelSource, outputBucket, jobsQueueUrl, deadLetterQueueUrl }: WorkerResources,
  settings: WorkerSettings,
  tools: WorkerTools,
): Promise<void> => {
  const {
    environment,
    signal,
    services,
    openImageProcess,
    finishClip,
    machine = thisMachine(environment),
  } = tools
  const { clock } = services
  const store = services.openBucket(outputBucket)
  const jobs = services.openQueue(jobsQueueUrl)
  const cacheDir = weightCacheDir(environment)
  const scratchDir = path.resolve(settings.scratchDir ?? path.join(tmpdir(), 'svd-batch'))
  const { svd_batch: version } = await readVersions()

  const deviceOptions = {
    // If the variable gave the device, messages are to name the variable.
    ...(settings.device !== null &&
      settings.device !== environment[DEVICE_VARIABLE] && { device: settings.device }),
    ...(settings.precision !== null && { precision: settings.precision }),
  }
  // A mistake in the options is not a fault of the machine. A card that cannot be used is one of the checks.
  const found = await chooseClipDevice(deviceOptions, tools).catch((error: unknown) => {
    if (error instanceof InvalidInputError) throw error
    return null
  })
  const model = await checkWorker(
    {
      machine,
      checkDevice: () =>
        checkDevice({
          ...readDeviceOption(deviceOptions.device, environment),
          ...{ probes: tools.deviceProbes, environment, machine },
        }),
      scratchDir,
      outputs: store,
      queue: jobs,
      readQueueSettings: (within) => services.readQueueSettings(jobsQueueUrl, within),
      conditionalWrites: settings.conditionalWrites ?? 'required',
      now: services.clock.now,
      modelSource,
      openModel: (source) =>
        openModel(
          source,
          { cacheDir, variant: settings.variant, openStore: services.openBucket, field: '--model' },
          signal,
        ),
      onCheck: tools.onCheck,
    },
    signal,
  )
  const device = found ?? (await chooseClipDevice(deviceOptions, tools))
  // The renderer reports the faults of the checkpoint for each job.
  const countedSpeed = await countedSpeedOf(model, device).catch(() => null)
  const ffmpeg = await machine.ffmpeg()
  const owner = { host: hostname(), processId: process.pid, isRunning }
  await using scratch = await openScratchFolders(scratchDir, owner)
  await using renderer = tools.openRenderer(device.choice, {
    stallTimeoutMs: (settings.stallSeconds ?? STALL_SECONDS) * 1000,
    onRestart: (reason) => tools.onEvent({ type: 'renderer-restarted', reason }),
  })

  await using images = openImageProcess()

  const { memory, threads } = { memory: settings.memory ?? 'auto', threads: settings.threads ?? 0 } as const
  const end = await runWorker(
    {
      store,
      jobs,
      deadLetters: deadLetterQueueUrl === null ? null : services.openQueue(deadLetterQueueUrl),
      clock,
      random: Math.random,
      worker: {
        id: settings.workerId ?? `${hostname()}-${process.pid}`,
        version,
        executionProvider: device.choice.provider,
        device: device.name,
        precision: device.precision,
        usdPerHour: tools.usdPerHour,
      },
      maxAttempts: settings.maxAttempts ?? MAX_ATTEMPTS,
      prepareJob: openJobStages({
        ...{ model, renderer, finishClip, checkClip, ffmpegPath: ffmpeg.path, encoders: ffmpeg.encoders },
        prepareImage: images.prepareImage,
        maker: {
          svd_batch: version,
          execution_provider: device.choice.provider,
          precision: device.precision,
        },
        severities: settings.qualityChecks ?? DEFAULT_SEVERITIES,
        store: steadyStore(store, { clock, random: Math.random }),
        settings: { device: device.choice, memory, threads, cacheDir },
      }),
      countedSpeed,
      scratch,
      drain: tools.drain,
      onEvent: tools.onEvent,
      onBeat: tools.onBeat,
    },
    {
      ...WORKER_OPTIONS,
      lease: {
        ...LEASE_OPTIONS,
        beatSeconds: settings.beatSeconds ?? LEASE_OPTIONS.beatSeconds,
        visibilitySeconds: settings.visibilitySeconds ?? LEASE_OPTIONS.visibilitySeconds,
      },
      untilIdleSeconds: settings.untilIdle,
      maxJobs: settings.maxJobs,
      maxSeconds: settings.maxSeconds,
    },
  )
  if (end.failing) throw new Error(`giving up: ${end.reason}; the jobs remain in the queue`)
}
