import { DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import type { Waits } from '../../../shared/contracts/dispatch-state.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { FLEET_TITLES, fleetFigures, fleetWaits } from '../../client/tracking/fleet-waits.ts'
import { readDispatch } from '../../client/tracking/read-dispatch.ts'
import { runAwsCheck } from '../../preflight/aws-check.ts'
import { type Check, fail, ok, warn } from '../../preflight/check.ts'

const FIXES: Readonly<Record<Waits, string>> = {
  model: 'push it: svd models push CHECKPOINT --id ID',
  'back-off': 'see the log of the workers; a new deployment or model is tried within a minute',
  machine: 'see the vCPU quotas above; allow more instance types, or On-Demand',
  canary: 'see the log of the workers',
  budget: 'raise svd:maxUsdPerDay, or wait',
}

const figuresText = ({ fleet, asked, usdToday }: ReturnType<typeof fleetFigures>[number]): string =>
  `${FLEET_TITLES[fleet]}: ${asked} asked for, ${usdToday.toFixed(2)} USD today`

/** Whether dispatch starts the workers that jobs wait for, and why not. */
export const checkDispatch = (outputs: ObjectStore, now: Date, signal: AbortSignal): Promise<Check> =>
  runAwsCheck(
    {
      name: 'workers',
      action: `s3:GetObject and s3:ListBucket on ${outputs.bucket}`,
      explain: (_, __, error) =>
        error instanceof InvalidInputError ? fail(error.message, 'use the svd that is deployed') : null,
      async probe(within) {
        const state = await readDispatch(outputs, within)
        if (state === null) {
          const found = `s3://${outputs.bucket}/${DISPATCH_STATE_KEY} is not there: dispatch has not run yet`
          return warn(found, 'wait for two minutes after the deployment; then see the log of dispatch')
        }
        const waits = fleetWaits(state)
        const texts = waits.map(({ fleet, text }) => `${FLEET_TITLES[fleet]}: ${text}`)
        const [fault] = waits.filter(({ isFault }) => isFault)
        if (fault !== undefined) {
          // A larger budget would pay for more starts that fail.
          const cause = fault.waits === 'budget' ? 'canary' : fault.waits
          return fail(texts.join('; '), FIXES[cause])
        }
        const [wait] = waits
        if (wait?.waits === 'budget') return warn(texts.join('; '), FIXES.budget)
        return ok([...fleetFigures(state, now).map(figuresText), ...texts].join('; '))
      },
    },
    signal,
  )
