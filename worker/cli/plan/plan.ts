import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import {
  INSTANCE_TYPE_NAMES,
  type InstanceTypeName,
  instanceTypeOf,
} from '../../../shared/fleet/instance-types.ts'
import { cudaTargets } from '../../compiler/targets/clip-targets.ts'
import type { Targets } from '../../compiler/targets/target.ts'
import { MEASURED_TIMES } from '../../plan/measured-times.ts'
import { byCost, type ClipToPlan, planInstance, priceOf } from '../../plan/plan-instance.ts'
import type { CommandContext } from '../command-context.ts'
import { countOnCards } from '../graphs/clip-on-cards.ts'
import { clipShapeOf } from '../graphs/clip-options.ts'
import { openConfigs } from '../graphs/open-configs.ts'
import { type PlanCommandOptions, readPlanRequest } from './options.ts'
import { formatPlan, planAsJson } from './report.ts'

/** Precision in which workers fetch the weights and render. */
const PRECISION = 'fp16'
const FP16_BYTES = 2

/** Runs `svd plan`. Throws InvalidInputError. */
export const runPlan = async (
  options: PlanCommandOptions,
  { stdout, stderr }: Pick<CommandContext, 'stdout' | 'stderr'>,
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
  const checkpoint = await openConfigs(options, { stderr })
  const { forceUpcast } = checkpoint.vae.config
  const targetsOn = (computeCapability: number | null): Targets =>
    cudaTargets({ precision: PRECISION, forceUpcast, computeCapability })
  const shape = clipShapeOf({ ...options }, checkpoint, targetsOn(null))
  const countOn = countOnCards(checkpoint, shape, targetsOn)
  const { statistics } = countOn(null)
  const { components } = statistics
  const modelBytes = Object.values(components).reduce(
    (total, part) => total + FP16_BYTES * part.parameters,
    0,
  )
  const clipOn = (name: InstanceTypeName): ClipToPlan => {
    const { statistics: onCard, memory } = countOn(instanceTypeOf(name).gpu)
    return {
      graphs: onCard.graphs,
      timed: { ...shape, unetParameters: components.unet.parameters, precision: PRECISION },
      planOnCard: memory.planOnCard,
      decodeChunk: shape.decodeChunk,
      modelBytes,
    }
  }
  const question = { ...request, measuredTimes: MEASURED_TIMES }
  const plans = priced
    .flatMap(({ name, usdPerHour }) =>
      usdPerHour === null ? [] : [planInstance(name, usdPerHour, clipOn(name), question)],
    )
    .toSorted(byCost)
  const report = { request, shape, statistics, modelBytes, plans, unpriced }
  stdout.write(options.json ? `${JSON.stringify(planAsJson(report), null, 2)}\n` : formatPlan(report))
}
