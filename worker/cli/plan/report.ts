import { type InstanceTypeName, instanceTypeOf, PRICES_OF } from '../../../shared/fleet/instance-types.ts'
import { formatBytes, formatCount, formatTera } from '../../../shared/size-text.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import { cardBytes, isTooSmall } from '../../plan/card-memory.ts'
import type { MeasuredTime } from '../../plan/measured-times.ts'
import type { InstancePlan } from '../../plan/plan-instance.ts'
import { REACHED } from '../../plan/roofline.ts'
import { clipShapeAsJson, clipShapeText } from '../graphs/clip-shape.ts'
import { type ClipStatistics, type GraphCount, referenceFlopsOf } from '../graphs/clip-statistics.ts'
import type { PlanRequest } from './options.ts'
import { planTable } from './table.ts'

export interface PlanReport {
  readonly request: PlanRequest
  readonly shape: ClipShape
  readonly statistics: ClipStatistics
  /** Byte count of the checkpoint as float16, which is what workers fetch. */
  readonly modelBytes: number
  /** Plans of the instance types, the best first. */
  readonly plans: readonly InstancePlan[]
  /** Instance types that are left out because no price is known. */
  readonly unpriced: readonly InstanceTypeName[]
}

const measuredAsJson = ({ driver, versions, commit }: MeasuredTime) => ({ driver, versions, commit })

const instanceAsJson = (plan: InstancePlan) => {
  const { gpu, gpus } = instanceTypeOf(plan.instanceType)
  const { fit, fleet } = plan
  return {
    instance_type: plan.instanceType,
    gpu: gpu.name,
    gpus,
    usd_per_hour: plan.usdPerHour,
    seconds_per_clip: plan.secondsPerClip,
    basis: plan.basis,
    measured: plan.measured === null ? null : measuredAsJson(plan.measured),
    gpu_memory: {
      fits: isTooSmall(fit) ? null : fit.way,
      decode_chunk_size: fit.decodeChunk,
      needed_bytes: Math.round(fit.bytes),
      card_bytes: cardBytes(gpu.memoryMib),
    },
    host_memory:
      fit.host === null
        ? null
        : {
            fits: fit.way !== 'host-too-small',
            needed_bytes: Math.round(fit.host.needBytes),
            available_bytes: fit.host.availableBytes,
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

/** Total of one clip, over all runs of all graphs. */
const totalOf = ({ graphs }: ClipStatistics, of: (graph: GraphCount) => number): number =>
  graphs.reduce((total, graph) => total + graph.runsPerClip * of(graph), 0)

const clipTotals = (statistics: ClipStatistics) => ({
  flops: totalOf(statistics, ({ flops }) => flops),
  reference_flops: totalOf(statistics, referenceFlopsOf),
  moved_bytes: totalOf(statistics, ({ work }) => work.movedBytes),
})

/** The object that `--json` prints; ranges have a low and a high end. */
export const planAsJson = ({ request, shape, statistics, modelBytes, plans, unpriced }: PlanReport) => ({
  reached: REACHED,
  prices_of: PRICES_OF,
  purchase: request.purchase,
  clips: request.clips,
  within_seconds: request.withinSeconds,
  clip: { ...clipShapeAsJson(shape), ...clipTotals(statistics), model_bytes: modelBytes },
  instance_types: plans.map(instanceAsJson),
  without_price: unpriced,
})

const clipText = ({ shape, statistics, modelBytes }: PlanReport): string => {
  const { flops, reference_flops: reference, moved_bytes: moved } = clipTotals(statistics)
  return (
    `${clipShapeText(shape)}\n` +
    `${formatTera(flops)} TFLOPs a clip (reference ${formatTera(reference)}), ${formatBytes(moved)} moved, ` +
    `model of ${formatBytes(modelBytes)}, all as float16`
  )
}

const percent = (share: number): string => String(Math.round(100 * share))

const COUNTED =
  'Counted: from the CUDA graphs, not measured. Tensor cores at ' +
  `${percent(REACHED.slow.tensorCores)} to ${percent(REACHED.fast.tensorCores)} % of the card's float16 peak and memory\n` +
  `at ${percent(REACHED.slow.bandwidth)} to ${percent(REACHED.fast.bandwidth)} % of its bandwidth, between which all published runs of SVD lie. For T4, L4 and L40S nobody has\n` +
  'published a time. T4 and L4 seldom hold the clock of their data sheet, so expect their slow end.'

const basisText = ({ request, plans }: PlanReport): string => {
  const measured =
    request.givenSeconds === null
      ? 'Measured: on that card, by this project.'
      : 'Measured: seconds per clip as given.'
  return [
    ...(plans.some(({ basis }) => basis === 'counted') ? [COUNTED] : []),
    ...(plans.some(({ basis }) => basis === 'measured') ? [measured] : []),
    'GPU memory is predicted: weights, activations, and 600 MiB for CUDA itself.',
  ].join('\n')
}

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

/** Text of the report: the clip, a table, and the basis of its figures. */
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
    `${basisText(report)}${overlong(report)}`,
    `Prices: ${request.purchase}, ${PRICES_OF}.${spot}${unpricedText(report)}`,
    'vCPUs that EC2 has to allow the account, by quota (svd doctor --aws looks; new accounts often have 0):',
    quotaText(plans),
  ].join('\n')}\n`
}
