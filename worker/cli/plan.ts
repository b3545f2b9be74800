import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { INSTANCE_TYPE_NAMES } from '../../shared/fleet/instance-types.ts'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { cudaTargets } from '../compiler/targets/clip-targets.ts'
import { MEASURED_TIMES } from '../plan/measured-times.ts'
import { byCost, type ClipToPlan, planInstance, priceOf } from '../plan/plan-instance.ts'
import { predictClipMemory } from './card-memory-needs.ts'
import { clipShapeOf } from './clip-options.ts'
import { countClip } from './clip-statistics.ts'
import { type PlanOptions, readPlanRequest } from './plan-options.ts'
import { formatPlan, planAsJson } from './plan-report.ts'
import type { Surroundings } from './surroundings.ts'

/** What workers render in, and fetch. */
const PRECISION = 'fp16'
const FP16_BYTES = 2

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
  const { forceUpcast } = checkpoint.vae.config
  const shape = clipShapeOf({ ...options }, checkpoint, cudaTargets({ precision: PRECISION, forceUpcast }))
  const statistics = countClip(checkpoint, shape)
  const { components } = statistics
  const clip: ClipToPlan = {
    graphs: statistics.graphs,
    timed: { ...shape, unetParameters: components.unet.parameters, precision: PRECISION },
    planOnCard: predictClipMemory(checkpoint, shape).planOnCard,
    decodeChunk: shape.decodeChunk,
    modelBytes: Object.values(components).reduce((total, part) => total + FP16_BYTES * part.parameters, 0),
  }
  const question = { ...request, measuredTimes: MEASURED_TIMES }
  const plans = priced
    .flatMap(({ name, usdPerHour }) =>
      usdPerHour === null ? [] : [planInstance(name, usdPerHour, clip, question)],
    )
    .toSorted(byCost)
  const report = { request, shape, statistics, modelBytes: clip.modelBytes, plans, unpriced }
  stdout.write(options.json ? `${JSON.stringify(planAsJson(report), null, 2)}\n` : formatPlan(report))
}
