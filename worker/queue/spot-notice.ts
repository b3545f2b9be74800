import { z } from 'zod'
import type { Clock } from '../jobs/clock.ts'
import { withTimeLimit } from '../jobs/time-limit.ts'
import type { DrainNotice } from './drain.ts'

/*
 * What EC2 tells a Spot instance about its end, over the instance's metadata service, version 2:
 *
 *   PUT /latest/api/token ─▶ token, good for TOKEN_SECONDS, sent with all that follows
 *   GET /latest/meta-data/spot/instance-action                   404, or {"action": "terminate", "time": "…Z"}
 *   GET /latest/meta-data/events/recommendations/rebalance       404, or {"noticeTime": "…Z"}
 */
export interface SpotNoticeOptions {
  /** `http://169.254.169.254`, on every instance. */
  readonly endpoint: string
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
  readonly notify: (notice: DrainNotice) => void
}

const TOKEN_SECONDS = 21_600
/** As EC2's guide asks for: the notice comes two minutes before the end. */
const LOOK_MS = 5_000
const ANSWER_LIMIT_MS = 2_000
/** Where the answer is there and does not say when. */
const NOTICE_SECONDS = 120

const instanceActionSchema = z.object({ time: z.iso.datetime() })

const secondsUntilEnd = async (answer: Response, { clock }: SpotNoticeOptions): Promise<number> => {
  const parsed = instanceActionSchema.safeParse(await answer.json().catch(() => null))
  return parsed.success ? (Date.parse(parsed.data.time) - clock.now().getTime()) / 1000 : NOTICE_SECONDS
}

/**
 * Looks every five seconds until the instance is to be interrupted, or `signal` aborts; tells of that and, once, of a
 * recommendation to leave early. A metadata service that does not answer is asked again: never throws.
 */
export const watchForSpotNotice = async (options: SpotNoticeOptions, signal: AbortSignal): Promise<void> => {
  const { endpoint, clock, fetch, notify } = options
  let token: string | null = null
  let advised = false

  const ask = (path: string, init: RequestInit): Promise<Response> =>
    withTimeLimit({ clock, limitMs: ANSWER_LIMIT_MS, signal }, (within) =>
      fetch(new URL(path, endpoint), { ...init, signal: within }),
    )

  /** Null: there is none. */
  const read = async (path: string): Promise<Response | null> => {
    if (token === null) {
      const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': `${TOKEN_SECONDS}` }
      const answer = await ask('/latest/api/token', { method: 'PUT', headers })
      if (!answer.ok) throw new Error(`no token: ${answer.status}`)
      token = await answer.text()
    }
    const answer = await ask(path, { headers: { 'x-aws-ec2-metadata-token': token } })
    if (answer.status === 401) token = null
    return answer.ok ? answer : null
  }

  const look = async (): Promise<boolean> => {
    const action = await read('/latest/meta-data/spot/instance-action')
    if (action !== null) {
      notify({ reason: 'Spot interruption', secondsLeft: await secondsUntilEnd(action, options) })
      return true
    }
    if (!advised && (await read('/latest/meta-data/events/recommendations/rebalance')) !== null) {
      advised = true
      notify({ reason: 'Spot rebalance recommendation', secondsLeft: null })
    }
    return false
  }

  while (!signal.aborted) {
    if (await look().catch(() => false)) return
    await clock.sleep(LOOK_MS, signal).catch(() => {})
  }
}
