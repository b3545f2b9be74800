import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NotifyLogEvent } from '../../../functions/notify/notify-deps.ts'
import { readNumber } from '../../../shared/contracts/argument-text.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { createDisposalStack } from '../../../shared/disposal-stack.ts'
import { makeFolder } from '../../../shared/files/output-folder.ts'
import { downloadVideos } from '../../client/submit/download-video.ts'
import { openEventCommands } from '../../local/event-commands.ts'
import { eventLines, openEventFile } from '../../local/event-file.ts'
import { createPublish, type EventReceivers } from '../../local/event-receivers.ts'
import { formatCheck } from '../../preflight/check.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, InterruptedError, messageOf } from '../exit-code.ts'
import { systemClock } from '../system-clock.ts'
import { localEventLine, notifyLine } from './event-line.ts'
import type { LocalOptions } from './options.ts'
import { type LocalPipeline, startLocal } from './start-local.ts'
import { localWorkerSettings } from './worker-settings.ts'

export const DEMO_CHECKPOINT = fileURLToPath(new URL('../../demo', import.meta.url))

const readPort = (text: string): number => {
  const port = readNumber(text)
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidInputError('--port', `got '${text}'; must be a whole number from 0 to 65535`)
}

/** Command that a user types. `npx svd` only finds that of a checkout. */
const COMMAND = import.meta.url.endsWith('.ts') ? 'npx svd' : 'svd'

/** Command that sets a variable in the platform's shell: PowerShell, or a POSIX shell. */
const setVariable = (name: string, value: string): string =>
  process.platform === 'win32' ? `$env:${name} = '${value}'` : `export ${name}=${value}`

const guide = ({ url, environment }: LocalPipeline['endpoint']): string => `
S3 and SQS are at ${url}. For clients in another terminal:

${Object.entries(environment)
  .map(([name, value]) => `  ${setVariable(name, value)}`)
  .join('\n')}

Then, for example:

  aws s3 cp photo.png s3://${environment['SVD_INPUT_BUCKET']}/images/
  ${COMMAND} submit photo.png --wait --download videos
  ${COMMAND} watch

Ctrl-C ends it.

`

/** The error to report. A port that another program has is invalid input, because the user chose the port. */
const whoseMistake = (error: unknown, port: string): unknown =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    ? new InvalidInputError('--port', `got ${port}, which another program has; choose another, or 0 for any`)
    : error

/** Runs `svd local` until a signal, which drains it. Then returns 0. Throws InvalidInputError before it starts. */
export const runLocal = async (options: LocalOptions, context: CommandContext): Promise<number> => {
  const { environment, stdout, stderr, signal } = context
  const { checkpoint = DEMO_CHECKPOINT, port, outputDir, events, onEvent, ...workerOptions } = options
  const worker = localWorkerSettings(workerOptions)
  if (outputDir !== undefined) await makeFolder('--output-dir', outputDir)
  const say = (line: string | null): void => {
    if (line !== null) stderr.write(`${line}\n`)
  }

  // So that a command may fetch the videos.
  let endpointEnvironment: LocalPipeline['endpoint']['environment'] = {}
  await using opened = createDisposalStack()
  const file = events === undefined || events === '-' ? null : opened.use(await openEventFile(events))
  const commands =
    onEvent === undefined
      ? null
      : opened.use(
          openEventCommands({
            ...{ command: onEvent, clock: systemClock, onFailure: say },
            environment: () => ({ ...environment, ...endpointEnvironment }),
            onOutput: (text) => stderr.write(text),
          }),
        )
  const append: EventReceivers['append'] =
    events === '-' ? async (lines) => void stdout.write(eventLines(lines)) : (file?.append ?? null)
  const announce = {
    publish: createPublish({ append, commands }),
    onEvent: (event: NotifyLogEvent) => say(notifyLine(event)),
  }

  const fetches = new Set<Promise<void>>()
  const results: ResultRecord[] = []
  let onResult = (result: ResultRecord): void => void results.push(result)
  await using local = await startLocal(
    {
      ...{ port: readPort(port), checkpoint, worker },
      announce: append === null && commands === null ? null : announce,
      onCheck: (check) => check.status !== 'ok' && say(formatCheck(check)),
      onIngest: (event) => say(localEventLine(event)),
      onEvent(event) {
        say(localEventLine(event))
        if (event.type === 'job-done' && outputDir !== undefined) onResult(event.result)
      },
    },
    context,
  ).catch((error) => {
    throw whoseMistake(error, port)
  })
  const outputs = local.services.openBucket(local.endpoint.deployment.outputBucket)
  const fetch = async (result: ResultRecord, folder: string): Promise<void> => {
    try {
      const files = await downloadVideos(outputs, result, folder, AbortSignal.any([]))
      for (const file of files) say(path.relative('', file))
    } catch (error) {
      say(messageOf(error, { debug: environment['SVD_DEBUG'] === '1' }))
    }
  }
  onResult = (result) => {
    const fetching = fetch(result, outputDir ?? '')
    fetches.add(fetching)
    void fetching.finally(() => fetches.delete(fetching))
  }
  for (const result of results) onResult(result)

  endpointEnvironment = local.endpoint.environment
  const guideOutput = events === '-' ? stderr : stdout
  guideOutput.write(guide(local.endpoint))
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
  await Promise.all(fetches)
  await commands?.settled()
  return EXIT_DONE
}
