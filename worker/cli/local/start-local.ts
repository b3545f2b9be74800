import { randomUUID } from 'node:crypto'
import type { IngestLogEvent } from '../../../functions/ingest/ingest-deps.ts'
import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import type { NotifyDeps } from '../../../functions/notify/notify-deps.ts'
import { notifyEvent } from '../../../functions/notify/notify-event.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { DEFAULT_WORK_LIMITS } from '../../../shared/contracts/work-limits.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { openAwsServices } from '../../aws/aws-services.ts'
import type { Services } from '../../aws/services.ts'
import { announceOutputs } from '../../local/announce-outputs.ts'
import { type EmbeddedEndpoint, startEmbeddedEndpoint } from '../../local/embedded-endpoint.ts'
import { runNotificationBridge } from '../../local/notification-bridge.ts'
import type { PersistentState } from '../../local/persistent-state.ts'
import { openModel } from '../../models/open-model.ts'
import type { Check } from '../../preflight/check.ts'
import { type DrainNotice, openDrain } from '../../queue/drain.ts'
import type { WorkerLogEvent } from '../../telemetry/worker-event.ts'
import type { CommandContext } from '../command-context.ts'
import { counted } from '../terminal/short-text.ts'
import type { WorkerSettings } from '../worker/settings.ts'
import { startWorker } from '../worker/start-worker.ts'

export interface LocalSettings {
  /** Port of the endpoint; 0 for any that is free. */
  readonly port: number
  readonly checkpoint: string
  readonly worker: WorkerSettings
  readonly onCheck: (check: Check) => void
  readonly onIngest: (event: IngestLogEvent) => void
  readonly onEvent: (event: WorkerLogEvent) => void
  /** State in a data folder; `null`: buckets and queues are in memory. */
  readonly persistentState: PersistentState | null
  /** Whether the results that are written are handled, see `EmbeddedEndpoint.results`. */
  readonly fetches: boolean
  /** Gets the events that notify announces on AWS; `null`: there is no notify. */
  readonly announce: Pick<NotifyDeps, 'publish' | 'onEvent'> | null
}

/** A worker would only postpone a job for another model. */
const assertModelOfJobs = (
  { folder, earlierWork }: PersistentState,
  checkpoint: string,
  { sha256 }: { readonly sha256: string },
): void => {
  const others = earlierWork.waiting.filter((model) => model.sha256 !== sha256)
  const [first] = others
  if (first === undefined) return
  throw new InvalidInputError(
    '--checkpoint',
    `got '${checkpoint}', and ${counted(others.length, 'job')} in the folder '${folder}' wait for another, ${first.id} (${first.sha256.slice(0, 12)}); give that checkpoint, or another --data-dir`,
  )
}

/** The whole pipeline on this machine, running. Disposing of it aborts the jobs that it renders. */
export interface LocalPipeline extends AsyncDisposable {
  readonly endpoint: EmbeddedEndpoint
  readonly services: Services
  /** Drains the worker: it takes no further job, and finishes what renders if the notice leaves the time. */
  drain(notice: DrainNotice): void
  /**
   * Resolves when ingest and the worker have ended. Rejects if the worker's preflight fails, and as soon as the folder of
   * `persistentState` takes nothing more.
   */
  readonly ended: Promise<void>
}

/**
 * Starts an endpoint in this process, and ingest and a worker that do here what they do on AWS. Throws InvalidInputError
 * for a checkpoint that cannot be used.
 */
export const startLocal = async (
  { port, checkpoint, worker, persistentState, fetches, onCheck, onIngest, onEvent, announce }: LocalSettings,
  context: CommandContext,
): Promise<LocalPipeline> => {
  const { signal } = context
  await using opening = createDisposalStack()
  const endpoint = opening.use(
    await startEmbeddedEndpoint(port, { persistentState, fetches, announces: announce !== null }),
  )
  const services = opening.use(openAwsServices(endpoint.clientConfig))
  const { clock, openBucket, openQueue } = services
  const { inputBucket, ...resources } = endpoint.deployment
  const model = await openModel(
    checkpoint,
    { cacheDir: null, variant: worker.variant, openStore: openBucket, field: '--checkpoint' },
    signal,
  )
  if (persistentState !== null) assertModelOfJobs(persistentState, checkpoint, model.record)
  const deps = {
    input: openBucket(inputBucket),
    output: openBucket(resources.outputBucket),
    jobs: openQueue(resources.jobsQueueUrl),
    model: model.record,
    defaultSize: 'auto' as const,
    limits: DEFAULT_WORK_LIMITS,
    now: clock.now,
    newTraceId: randomUUID,
    onEvent: onIngest,
  }
  const drain = openDrain(clock)
  const bridge = runNotificationBridge(
    deps.input,
    endpoint.uploads,
    { clock, ingest: (event, until) => ingestEvent(event, deps, until) },
    drain.signal,
  )
  // A signal drains; it does not end the work.
  const working = startWorker({ ...resources, model: checkpoint }, worker, {
    ...context,
    ...{ services, drain, onCheck, onEvent },
    onBeat() {},
    usdPerHour: null,
  }).finally(() => drain.notify({ reason: 'the worker has ended', secondsLeft: null }))
  const written = new AbortController()
  void Promise.allSettled([working, bridge]).then(() => written.abort('nothing more is written'))
  const abandoned = new AbortController()
  const announcing =
    announce === null
      ? null
      : announceOutputs(
          deps.output,
          endpoint.outputs,
          {
            ...{ clock, written: written.signal },
            handle: (event, until) => notifyEvent(event, { output: deps.output, ...announce }, until),
          },
          abandoned.signal,
        )
  const finished = Promise.all([working, bridge, announcing]).then(() => {})
  const ended = persistentState === null ? finished : Promise.race([finished, persistentState.failed])
  // A caller that disposes of the pipeline need not have awaited `ended`.
  ended.catch(() => {})
  opening.defer(async () => {
    drain.notify({ reason: 'the end', secondsLeft: 0 })
    await Promise.allSettled([working, bridge])
    abandoned.abort('the end')
    await Promise.allSettled([announcing])
  })
  const open = opening.move()
  return {
    endpoint,
    services,
    drain: drain.notify,
    ended,
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
