import type { IncomingHttpHeaders } from 'node:http'
import { shownValue } from './contracts/shown-value.ts'

/** Names that mean this machine everywhere, so that no name server of another can claim them. Buckets come before. */
const THIS_MACHINE = /^(?:127\.0\.0\.1|\[::1\]|(?:[^@/\s]+\.)?localhost)(?::\d+)?$/i

const OWN_SITES = ['same-origin', 'none']

/**
 * Why a server that is for this machine alone refuses a request; `null` if it does not. Any web page can have a browser
 * send requests here. Such a request has the page's `Origin`, or a `Sec-Fetch-Site` that is not its own; and where the
 * page's own name was made to mean this machine (DNS rebinding), that name as its `Host`.
 */
export const foreignRequestFault = (headers: IncomingHttpHeaders): string | null => {
  const { host = '', origin } = headers
  const site = headers['sec-fetch-site'] ?? 'none'
  if (!THIS_MACHINE.test(host)) {
    return `Host: got ${shownValue(host)}; must be 127.0.0.1 or localhost, because this server is for its machine alone`
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return `Origin: got ${shownValue(origin)}; this server takes no requests from web pages`
  }
  if (OWN_SITES.includes(String(site))) return null
  return `Sec-Fetch-Site: got ${shownValue(String(site))}; this server takes no requests from web pages`
}
