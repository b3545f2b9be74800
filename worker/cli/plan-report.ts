import { type InstanceTypeName, instanceTypeOf, PRICES_OF } from '../../shared/fleet/instance-types.ts'
import { formatBytes, formatCount, formatTera } from '../../shared/size-text.ts'
import { cardBytes } from '../plan/card-memory.ts'
import { REACHED_SHARE } from '../plan/device-seconds.ts'
import type { InstancePlan } from '../plan/plan-instance.ts'
import { clipShapeAsJson, clipShapeText } from './clip-shape.ts'
import type { ClipShape } from './clip-statistics.ts'
import type { ClipWork } from './count-clip-work.ts'
import type { PlanRequest } from './plan-options.ts'
import { planTable } from './plan-table.ts'

export interface PlanReport {
  readonly request: PlanRequest
  readonly shape: ClipShape
  readonly clip: ClipWork
  /** The best first. */
  readonly plans: readonly InstancePlan[]
  /** Left out: no price is known. */
  readonly unpriced: readonly InstanceTypeName[]
}

const instanceAsJson = (plan: InstancePlan) => {
  const { gpu, gpus } = instanceTypeOf(plan.instanceType)
  const { fit, fleet } = plan
  return {
    instance_type: plan.instanceType,
    gpu: gpu.name,
    gpus,
    usd_per_hour: plan.usdPerHour,
    seconds_per_clip: plan.secondsPerClip,
    gpu_memory: {
      fits: fit.way === 'none' ? null : fit.way,
      decode_chunk_size: fit.decodeChunk,
      needed_bytes: Math.round(fit.bytes),
      card_bytes: cardBytes(gpu.memoryMib),
    },
    workers: fleet.workers,
    instances: fleet.instances,
    workers_within: plan.workersWithin,
    clips_per_hour: fleet.clipsPerHour,
    hours: fleet.hours,
    instance_hours: fleet.instanceHours,
    usd: fleet.usd,
    usd_per_clip: fleet.usdPerClip,
    vcpu_quota: { needed: plan.vcpus.vcpus, code: plan.vcpus.code, name: plan.vcpus.name },
    limits: plan.limits,
  }
}

/** The object that `--json` prints; ranges have a low and a high end. */
export const planAsJson = ({ request, shape, clip, plans, unpriced }: PlanReport) => ({
  basis: request.measuredSeconds === null ? 'counted' : 'measured',
  reached_share_of_peak: { low: REACHED_SHARE.slow, high: REACHED_SHARE.fast },
  prices_of: PRICES_OF,
  purchase: request.purchase,
  clips: request.clips,
  within_seconds: request.withinSeconds,
  clip: {
    ...clipShapeAsJson(shape),
    flops: clip.work.flops,
    reference_flops: clip.work.referenceFlops,
    fused_traffic_bytes: clip.work.fusedTrafficBytes,
    unfused_traffic_bytes: clip.work.unfusedTrafficBytes,
    model_bytes: clip.modelBytes,
  },
  instance_types: plans.map(instanceAsJson),
  without_price: unpriced,
})

const clipText = ({ shape, clip: { work, modelBytes } }: PlanReport): string =>
  `${clipShapeText(shape)}\n` +
  `${formatTera(work.flops)} TFLOPs a clip (reference ${formatTera(work.referenceFlops)}), ` +
  `${formatBytes(work.fusedTrafficBytes)} to ${formatBytes(work.unfusedTrafficBytes)} moved, ` +
  `model of ${formatBytes(modelBytes)}, all as float16`

const basisText = ({ measuredSeconds }: PlanRequest): string =>
  measuredSeconds === null
    ? 'Counted from the graphs, not measured: products at ' +
      `${REACHED_SHARE.fast * 100} to ${REACHED_SHARE.slow * 100} % of the card's float16 peak, which is what published\n` +
      'runs of SVD reach, and memory at its full bandwidth. For T4, L4 and L40S nobody has published a time; T4 and L4\n' +
      'seldom hold the clock of their data sheet, so expect their slow end.'
    : `Seconds per clip as given. GPU memory is counted from the graphs, not measured.`

const quotaText = (plans: readonly InstancePlan[]): string => {
  const byCode = Map.groupBy(plans, ({ vcpus }) => vcpus.code)
  return [...byCode].map(([code, group]) => `  ${code}  ${group[0]?.vcpus.name ?? ''}`).join('\n')
}

const overlong = ({ request, plans }: PlanReport): string => {
  const { withinSeconds } = request
  if (withinSeconds === null || plans.every(({ workersWithin }) => workersWithin !== null)) return ''
  return (
    '\nWhere no number of workers is in time, a machine has to boot, fetch the model and render its first clip in it,\n' +
    'and that takes longer.'
  )
}

const unpricedText = ({ unpriced }: PlanReport): string =>
  unpriced.length === 0 ? '' : `\nWithout a Spot price in the table, so left out: ${unpriced.join(', ')}.`

/** What a person sees: the clip, a table, and what it rests on. */
export const formatPlan = (report: PlanReport): string => {
  const { request, plans } = report
  const spot =
    request.purchase === 'spot'
      ? '\nSpot prices move by the hour; what interruptions lose is not in them.'
      : ''
  return `${[
    `${formatCount(request.clips)} ${request.clips === 1 ? 'clip' : 'clips'}: ${clipText(report)}`,
    '',
    planTable(plans, request.withinSeconds).trimEnd(),
    '',
    `${basisText(request)}${overlong(report)}`,
    `Prices: ${request.purchase}, ${PRICES_OF}.${spot}${unpricedText(report)}`,
    'vCPUs that EC2 has to allow the account, by quota (svd doctor --aws looks; new accounts often have 0):',
    quotaText(plans),
  ].join('\n')}\n`
}
