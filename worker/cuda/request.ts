import { AbortError } from 'p-retry'
import type { Address } from './package-index.ts'

/** Answers after which the same request may succeed: time-outs, too many requests, and faults of the server. */
const mayRepeat = (status: number): boolean => status === 408 || status === 429 || status >= 500

const HINTS: Readonly<Record<number, string>> = {
  401: '; put the credentials into the URL of the index, https://USER:PASSWORD@HOST/simple',
  403: '; the index refuses these credentials, or this machine',
  404: '; check the URL of the index',
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}

/** A URL as a message shows it. Its query may be a signature that gives access. */
export const shownUrl = ({ origin, pathname }: URL): string => `${origin}${pathname}`

/**
 * The answer to a GET request, if its status is a success. Throws p-retry's AbortError if repeating is useless, else an
 * error that names the URL. A server that does not answer for five minutes is given up, which is Node's own limit.
 */
export const request = async ({ url, headers }: Address, signal: AbortSignal): Promise<Response> => {
  const shown = shownUrl(url)
  let response: Response
  try {
    response = await fetch(url, { headers, signal })
  } catch (error) {
    signal.throwIfAborted()
    const proxy =
      'behind a proxy set HTTPS_PROXY and NODE_USE_ENV_PROXY=1, for a private CA NODE_EXTRA_CA_CERTS'
    throw new Error(`${shown} cannot be reached: ${reasonOf(error)}; ${proxy}`, { cause: error })
  }
  if (response.ok) return response
  await response.body?.cancel()
  const message = `${shown} answered ${response.status} ${response.statusText}${HINTS[response.status] ?? ''}`
  throw mayRepeat(response.status) ? new Error(message) : new AbortError(message)
}
