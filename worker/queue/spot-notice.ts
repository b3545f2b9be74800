import { z } from 'zod'
import type { Clock } from '../jobs/clock.ts'
import type { DrainNotice } from './drain.ts'
import type { InstanceMetadata } from './instance-metadata.ts'

/*
 * What EC2 tells a Spot instance about its end, in the instance's metadata:
 *
 *   spot/instance-action                   none, or {"action": "terminate", "time": "…Z"}
 *
 * A recommendation to rebalance is no reason to go. It may come hours before, or without, an interruption; ECS would put
 * the next worker on the same machine, which would go at once as well. Whoever owns the machine (Auto Scaling, with
 * capacity rebalancing) starts another one, and then ends this one by SIGTERM.
 */
export interface SpotNoticeOptions {
  readonly metadata: InstanceMetadata
  readonly clock: Clock
  readonly notify: (notice: DrainNotice) => void
}

/** As EC2's guide asks for: the notice comes two minutes before the end. */
const LOOK_MS = 5_000
/** Where the answer is there and does not say when. */
const NOTICE_SECONDS = 120

const instanceActionSchema = z.object({ time: z.iso.datetime() })

const secondsUntilEnd = async (answer: Response, { clock }: SpotNoticeOptions): Promise<number> => {
  const parsed = instanceActionSchema.safeParse(await answer.json().catch(() => null))
  return parsed.success ? (Date.parse(parsed.data.time) - clock.now().getTime()) / 1000 : NOTICE_SECONDS
}

/**
 * Looks every five seconds until the instance is to be interrupted, and tells of that, or until `signal` aborts. A
 * metadata service that does not answer is asked again: never throws.
 */
export const watchForSpotNotice = async (options: SpotNoticeOptions, signal: AbortSignal): Promise<void> => {
  const { metadata, clock, notify } = options

  const look = async (): Promise<boolean> => {
    const action = await metadata.read('spot/instance-action', signal)
    if (action !== null) {
      notify({ reason: 'Spot interruption', secondsLeft: await secondsUntilEnd(action, options) })
      return true
    }
    return false
  }

  while (!signal.aborted) {
    if (await look().catch(() => false)) return
    await clock.sleep(LOOK_MS, signal).catch(() => {})
  }
}
