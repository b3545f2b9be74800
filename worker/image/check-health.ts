import { readFile } from 'node:fs/promises'
import type { Health } from '../telemetry/worker-health.ts'

/*
 * A program, for a container's health check: exit code 0 if the worker on this machine's SVD_HEALTH_PORT is healthy.
 * With port 0 the worker has taken any, and has written it to SVD_HEALTH_PORT_FILE.
 * One that is still starting is: it may be fetching a model, and would only begin anew if it were replaced.
 */

/** Below the timeout that the health check itself is given. */
const ANSWER_MS = 5_000
/** Far beyond the fetching of any model: a start that takes longer hangs. */
const START_SECONDS = 3_600

const isStarting = ({ state, seconds_since_beat }: Pick<Health, 'state' | 'seconds_since_beat'>): boolean =>
  state === 'starting' && seconds_since_beat <= START_SECONDS

const findPort = async (): Promise<string> => {
  const { SVD_HEALTH_PORT: port, SVD_HEALTH_PORT_FILE: file } = process.env
  if (!port) throw new Error('SVD_HEALTH_PORT is not set')
  if (port !== '0') return port
  if (!file) throw new Error('SVD_HEALTH_PORT is 0, and SVD_HEALTH_PORT_FILE is not set')
  return (await readFile(file, 'utf8')).trim()
}

const check = async (): Promise<string> => {
  const port = await findPort()
  const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(ANSWER_MS) })
  const body = await response.text()
  if (response.ok || (response.status === 503 && isStarting(JSON.parse(body)))) return body
  throw new Error(body)
}

try {
  process.stdout.write(await check())
} catch (error) {
  const { message, cause } = error as Error
  process.stderr.write(`unhealthy: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}\n`)
  process.exitCode = 1
}
