import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNumber } from '../../../shared/contracts/argument-text.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { makeFolder } from '../../../shared/files/output-folder.ts'
import { systemClock } from '../../../shared/system-clock.ts'
import { openPersistentState } from '../../local/persistent-state.ts'
import { formatCheck } from '../../preflight/check.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, InterruptedError, messageOf } from '../exit-code.ts'
import { localEventLine, notifyLine } from './event-line.ts'
import { fetchVideos } from './fetch-videos.ts'
import { endGuide, startGuide } from './guide.ts'
import { openReceivers } from './open-receivers.ts'
import type { LocalOptions } from './options.ts'
import { type LocalPipeline, startLocal } from './start-local.ts'
import { localWorkerSettings } from './worker-settings.ts'

export const DEMO_CHECKPOINT = fileURLToPath(new URL('../../demo', import.meta.url))

const readPort = (text: string): number => {
  const port = readNumber(text)
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidInputError('--port', `got '${text}'; must be a whole number from 0 to 65535`)
}

/** The error to report. A port that another program has is invalid input, because the user chose the port. */
const whoseMistake = (error: unknown, port: string): unknown =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    ? new InvalidInputError('--port', `got ${port}, which another program has; choose another, or 0 for any`)
    : error

/** Runs `svd local` until a signal, which drains it. Then returns 0. Throws InvalidInputError before it starts. */
export const runLocal = async (options: LocalOptions, context: CommandContext): Promise<number> => {
  const { environment, stdout, stderr, signal } = context
  const {
    checkpoint = DEMO_CHECKPOINT,
    port,
    outputDir,
    dataDir,
    events,
    onEvent,
    ...workerOptions
  } = options
  const worker = localWorkerSettings(workerOptions)
  const say = (line: string | null): void => {
    if (line !== null) stderr.write(`${line}\n`)
  }
  await using opened = createDisposalStack()
  const persistentState =
    dataDir === undefined ? null : opened.use(await openPersistentState(dataDir, systemClock.now))
  if (outputDir !== undefined) await makeFolder('--output-dir', outputDir)

  // So that a command may fetch the videos.
  let endpointEnvironment: LocalPipeline['endpoint']['environment'] = {}
  const receivers = opened.use(
    await openReceivers(
      { ...(events !== undefined && { events }), ...(onEvent !== undefined && { onEvent }) },
      {
        ...{ stdout, stderr, events: persistentState?.events ?? null },
        environment: () => ({ ...environment, ...endpointEnvironment }),
      },
    ),
  )
  const { publish } = receivers
  await using local = await startLocal(
    {
      ...{ port: readPort(port), checkpoint, worker, persistentState, fetches: outputDir !== undefined },
      announce: publish === null ? null : { publish, onEvent: (event) => say(notifyLine(event)) },
      onCheck: (check) => check.status !== 'ok' && say(formatCheck(check)),
      onIngest: (event) => say(localEventLine(event)),
      onEvent: (event) => say(localEventLine(event)),
    },
    context,
  ).catch((error) => {
    throw whoseMistake(error, port)
  })
  endpointEnvironment = local.endpoint.environment
  receivers.resume()
  const written = new AbortController()
  const fetching =
    outputDir === undefined
      ? null
      : fetchVideos(
          local.services.openBucket(local.endpoint.deployment.outputBucket),
          local.endpoint.results,
          {
            ...{ folder: outputDir, written: written.signal },
            onFile: (file) => say(path.relative('', file)),
            onFailure: (error) => say(messageOf(error, { debug: environment['SVD_DEBUG'] === '1' })),
          },
        )
  const guideOutput = events === '-' ? stderr : stdout
  guideOutput.write(startGuide(local.endpoint, persistentState))
  const onSignal = (): void => {
    say('finishing what is being rendered; Ctrl-C again ends at once')
    const { reason } = signal
    local.drain({
      reason: reason instanceof InterruptedError ? reason.signal : String(reason),
      secondsLeft: null,
    })
  }
  if (signal.aborted) onSignal()
  else signal.addEventListener('abort', onSignal, { once: true })
  await local.ended
  written.abort('nothing more is written')
  await fetching
  await receivers.settled()
  if (persistentState !== null) say(endGuide(persistentState))
  return EXIT_DONE
}
