import { writeFile } from 'node:fs/promises'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { METRICS_NAMESPACE, WORKER_SERVICE } from '../../../shared/contracts/metrics.ts'
import { deploymentPart, readDeployment } from '../../aws/deployment.ts'
import { openInstanceMetadata } from '../../instance/instance-metadata.ts'
import { watchForSpotNotice } from '../../instance/spot-notice.ts'
import type { Machine } from '../../preflight/machine.ts'
import { openDrain } from '../../queue/drain.ts'
import { LEASE_OPTIONS } from '../../queue/hold-lease.ts'
import { watchForPause } from '../../queue/pause-watch.ts'
import { FIRST_RUN_ALLOWANCE_MS } from '../../renderer/running-job.ts'
import { openHealthPort } from '../../telemetry/health-port.ts'
import { logEvents } from '../../telemetry/log-events.ts'
import { measureEvents } from '../../telemetry/measure-events.ts'
import { watchHealth } from '../../telemetry/worker-health.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, InterruptedError } from '../exit-code.ts'
import { openEcsTask } from './ecs-task.ts'
import { openWorkerLog } from './log.ts'
import { findUsdPerHour } from './machine-price.ts'
import type { WorkerCommandOptions } from './options.ts'
import { readWorkerSettings, type WorkerSettings } from './settings.ts'
import { STALL_SECONDS, startWorker } from './start-worker.ts'

/** Default seconds for draining. Containers have 30 s from SIGTERM to SIGKILL, unless they are set up otherwise. */
const DRAIN_SECONDS = 25
/** Seconds without a heartbeat after which the worker counts as hanging: three heartbeats at their longest interval, or six long polls. */
const STALE_SECONDS = 120
/**
 * Seconds from the longest silence that a render is allowed until the worker counts as hanging. In them the worker
 * ends the render and settles its job.
 */
const STUCK_MARGIN_SECONDS = 300
const METADATA_SERVICE = 'http://169.254.169.254'

const assertBeats = ({ beatSeconds, visibilitySeconds }: WorkerSettings): void => {
  const beat = beatSeconds ?? LEASE_OPTIONS.beatSeconds
  const visibility = visibilitySeconds ?? LEASE_OPTIONS.visibilitySeconds
  if (beat * 3 <= visibility) return
  throw new InvalidInputError(
    '--beat-seconds',
    `got ${beat} with --visibility-seconds ${visibility}; at most a third of it: two beats may fail`,
  )
}

const noteHealthPort = async (file: string, port: number): Promise<void> => {
  try {
    await writeFile(file, `${port}\n`)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new InvalidInputError(
      '--health-port-file',
      `got '${file}', which cannot be written (${code}); name a file in a folder that this user may write to`,
      { cause },
    )
  }
}

/** Runs `svd worker`, and returns the exit code. Throws InvalidInputError, or an error with the machine's faults. */
export const runWorkerCommand = async (
  options: WorkerCommandOptions,
  context: CommandContext,
  machine?: Machine,
): Promise<number> => {
  const { environment, stdout, signal, openServices } = context
  const settings = readWorkerSettings(options, environment)
  assertBeats(settings)
  const resources = {
    ...readDeployment(['model', 'outputBucket', 'jobsQueueUrl'], options, environment),
    deadLetterQueueUrl: deploymentPart('deadLetterQueueUrl', options, environment),
  }
  await using services = await openServices()
  const { clock } = services
  const logger = openWorkerLog(stdout)
  const log = logEvents({ logger, now: clock.elapsedMs })
  const measure = settings.metrics
    ? measureEvents({
        write: (text) => stdout.write(text),
        service: WORKER_SERVICE,
        namespace: settings.metricsNamespace ?? METRICS_NAMESPACE,
      })
    : () => {}
  const stallSeconds = settings.stallSeconds ?? STALL_SECONDS
  const health = watchHealth({
    now: () => clock.now().getTime(),
    staleAfterSeconds: STALE_SECONDS,
    stuckAfterSeconds: stallSeconds + FIRST_RUN_ALLOWANCE_MS / 1000 + STUCK_MARGIN_SECONDS,
  })
  await using healthPort =
    settings.healthPort === null
      ? null
      : await openHealthPort({ port: settings.healthPort, read: health.read })
  if (healthPort !== null && settings.healthPortFile !== null)
    await noteHealthPort(settings.healthPortFile, healthPort.port)

  const drain = openDrain(clock)
  const onSignal = (): void => {
    const { reason } = signal
    drain.notify({
      reason: reason instanceof InterruptedError ? reason.signal : String(reason),
      secondsLeft: settings.drainSeconds ?? DRAIN_SECONDS,
    })
  }
  signal.addEventListener('abort', onSignal, { once: true })
  const ended = new AbortController()
  const endpoint = environment['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || METADATA_SERVICE
  const metadata = openInstanceMetadata({ endpoint, clock, fetch })
  const watchingSpot = settings.spot
    ? watchForSpotNotice({ metadata, clock, notify: drain.notify }, ended.signal)
    : null
  const watchingPause = settings.pause
    ? watchForPause(
        { store: services.openBucket(resources.outputBucket), clock, notify: drain.notify },
        ended.signal,
      )
    : null
  const task = openEcsTask(environment, {
    ...{ clock, stallSeconds },
    onEvent: log,
    onBlocked: (reason) => drain.notify({ reason, secondsLeft: null }),
  })
  const protectingTask = task?.run(ended.signal)

  try {
    await startWorker(resources, settings, {
      ...context,
      services,
      drain,
      onCheck: ({ name, status, found, fix }) =>
        logger[status === 'ok' ? 'info' : status === 'warn' ? 'warn' : 'error'](`check ${name}`, {
          status,
          found,
          fix,
        }),
      onEvent(event) {
        health.onEvent(event)
        log(event)
        measure(event)
        task?.onEvent(event)
      },
      onBeat: health.beat,
      usdPerHour: await findUsdPerHour(settings.usdPerHour, { metadata, logger }, signal),
      ...(machine === undefined ? {} : { machine }),
    })
    return EXIT_DONE
  } finally {
    signal.removeEventListener('abort', onSignal)
    ended.abort()
    await Promise.all([watchingSpot, watchingPause, protectingTask])
  }
}
