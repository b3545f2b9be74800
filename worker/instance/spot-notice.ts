import { z } from 'zod'
import type { Clock } from '../../shared/clock.ts'
import type { DrainNotice } from '../queue/drain.ts'
import type { InstanceMetadata } from './instance-metadata.ts'

/*
 * Interruption notice of EC2 for a Spot instance, in the instance's metadata:
 *
 *   spot/instance-action                   none, or {"action": "terminate", "time": "…Z"}
 *
 * A recommendation to rebalance is not a reason to shut down. It may come hours before, or without, an interruption.
 * ECS would start the next worker on the same machine, where it would shut down at once as well. The owner of the
 * machine (Auto Scaling, with capacity rebalancing) starts another one, and then ends this one by SIGTERM.
 */
export interface SpotNoticeOptions {
  readonly metadata: InstanceMetadata
  readonly clock: Clock
  readonly notify: (notice: DrainNotice) => void
}

/** Time between two polls, as EC2's guide asks for: the notice comes two minutes before the end. */
const LOOK_MS = 5_000
/** Seconds until the end, if there is a notice without a time. */
const NOTICE_SECONDS = 120

const instanceActionSchema = z.object({ time: z.iso.datetime() })

const secondsUntilEnd = async (answer: Response, { clock }: SpotNoticeOptions): Promise<number> => {
  const parsed = instanceActionSchema.safeParse(await answer.json().catch(() => null))
  return parsed.success ? (Date.parse(parsed.data.time) - clock.now().getTime()) / 1000 : NOTICE_SECONDS
}

/**
 * Polls every five seconds until it notifies of an interruption, or `signal` aborts. Never throws: a metadata service
 * that does not answer is asked again.
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
