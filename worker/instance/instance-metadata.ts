import type { Clock } from '../../shared/clock.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'

/*
 * Metadata of the EC2 instance, from its metadata service, version 2:
 *
 *   PUT /latest/api/token ─▶ token, good for TOKEN_SECONDS, sent with all that follows
 *   GET /latest/meta-data/…   the answer, or 404: there is none
 */
export interface InstanceMetadata {
  /** Reads `path` under `/latest/meta-data/`; `null` if there is none. Throws if the service does not answer. */
  read(path: string, signal: AbortSignal): Promise<Response | null>
}

export interface InstanceMetadataOptions {
  /** `http://169.254.169.254`, on every instance. */
  readonly endpoint: string
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
}

const TOKEN_SECONDS = 21_600
/** Time limit of a request. In a container that is one hop too far away, and outside of EC2, no answer comes. */
const ANSWER_LIMIT_MS = 2_000

export const openInstanceMetadata = ({
  endpoint,
  clock,
  fetch,
}: InstanceMetadataOptions): InstanceMetadata => {
  let token: string | null = null

  const ask = (path: string, init: RequestInit, signal: AbortSignal): Promise<Response> =>
    withTimeLimit({ clock, limitMs: ANSWER_LIMIT_MS, signal }, (within) =>
      fetch(new URL(path, endpoint), { ...init, signal: within }),
    )

  return {
    async read(path, signal) {
      if (token === null) {
        const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': `${TOKEN_SECONDS}` }
        const answer = await ask('/latest/api/token', { method: 'PUT', headers }, signal)
        if (!answer.ok) throw new Error(`the metadata service gave no token: ${answer.status}`)
        token = await answer.text()
      }
      const headers = { 'x-aws-ec2-metadata-token': token }
      const answer = await ask(`/latest/meta-data/${path}`, { headers }, signal)
      if (answer.status === 401) token = null
      return answer.ok ? answer : null
    },
  }
}
