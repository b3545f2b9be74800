import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { INSTANCE_TYPE_NAMES } from '../../shared/fleet/instance-types.ts'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { TARGETS } from '../compiler/compile.ts'
import { byCost, planInstance, priceOf } from '../plan/plan-instance.ts'
import { clipShapeOf } from './clip-options.ts'
import { countClipWork } from './count-clip-work.ts'
import { type PlanOptions, readPlanRequest } from './plan-options.ts'
import { formatPlan, planAsJson } from './plan-report.ts'
import type { Surroundings } from './surroundings.ts'

/** Throws InvalidInputError. */
export const runPlan = async (
  options: PlanOptions,
  { stdout }: Pick<Surroundings, 'stdout'>,
): Promise<void> => {
  const request = readPlanRequest(options)
  const priced = request.instanceTypes.map((name) => ({ name, usdPerHour: priceOf(name, request.purchase) }))
  const unpriced = priced.flatMap(({ name, usdPerHour }) => (usdPerHour === null ? [name] : []))
  if (unpriced.length > 0 && options.instanceType !== undefined) {
    const known = INSTANCE_TYPE_NAMES.filter((name) => priceOf(name, request.purchase) !== null)
    throw new InvalidInputError(
      '--instance-type',
      `${unpriced.join(', ')} has no Spot price in the table; take --on-demand, or one of ${known.join(', ')}`,
    )
  }
  const { variant } = options
  const checkpoint = await openCheckpoint(options.checkpoint, {
    weights: 'optional',
    ...(variant === undefined ? {} : { variant }),
  })
  const shape = clipShapeOf({ ...options }, checkpoint, TARGETS.cpu)
  const clip = countClipWork(checkpoint, shape)
  const plans = priced
    .flatMap(({ name, usdPerHour }) =>
      usdPerHour === null ? [] : [planInstance(name, usdPerHour, clip, request)],
    )
    .toSorted(byCost)
  const report = { request, shape, clip, plans, unpriced }
  stdout.write(options.json ? `${JSON.stringify(planAsJson(report), null, 2)}\n` : formatPlan(report))
}
