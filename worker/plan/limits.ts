import type { InstanceType } from '../../shared/fleet/instance-types.ts'
import { MAX_MESSAGES_IN_FLIGHT, VCPU_QUOTAS } from '../../shared/fleet/quotas.ts'
import { isTooSmall, type MemoryFit } from './card-memory.ts'
import type { FleetPlan } from './plan-fleet.ts'
import type { DeviceLimit } from './roofline.ts'

export type Purchase = 'on-demand' | 'spot'

/** One job renders, the next is prepared, the last is published. */
const MESSAGES_OF_A_WORKER = 3

export interface VcpuNeed {
  readonly vcpus: number
  readonly code: string
  readonly name: string
}

/** Count of vCPUs that EC2's quotas have to allow the account for so many instances at once. */
export const vcpuNeedOf = (
  { quotaFamily, vcpus }: InstanceType,
  instances: number,
  purchase: Purchase,
): VcpuNeed => ({
  vcpus: instances * vcpus,
  ...VCPU_QUOTAS[quotaFamily][purchase === 'spot' ? 'spot' : 'onDemand'],
})

const MEMORY_TEXT: Readonly<Record<MemoryFit['way'], string | null>> = {
  resident: null,
  offload: 'GPU memory (offload)',
  'low-vram': 'GPU memory (low-vram)',
  'smaller-chunk': 'GPU memory (fewer frames decoded at once)',
  'host-too-small': 'host memory (too small)',
  none: 'GPU memory (too small)',
}

/**
 * Limits that keep the batch from being quicker or cheaper, the hardest first. `deviceLimit` is `null` if the time was
 * measured, because its limit is then unknown.
 */
export const limitsOf = (
  { workers, overheadShare }: FleetPlan,
  { clips, fit, deviceLimit }: { clips: number; fit: MemoryFit; deviceLimit: DeviceLimit | null },
): readonly string[] => {
  const memory = fit.bytes === Number.POSITIVE_INFINITY ? 'tensors of 2^31 elements' : MEMORY_TEXT[fit.way]
  return [
    ...(isTooSmall(fit) && memory !== null ? [memory] : []),
    ...(workers * MESSAGES_OF_A_WORKER > MAX_MESSAGES_IN_FLIGHT
      ? [`SQS: ${MAX_MESSAGES_IN_FLIGHT} messages in flight`]
      : []),
    ...(workers > clips ? ['clips: fewer than workers'] : []),
    ...(overheadShare.high > 0.5 ? ['start-up: most of the time paid for'] : []),
    ...(deviceLimit === null ? [] : [deviceLimit]),
    ...(!isTooSmall(fit) && memory !== null ? [memory] : []),
  ]
}
