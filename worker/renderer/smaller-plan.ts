import { DeviceFaultError } from '../engine/device-fault.ts'
import type { MemoryPlan } from '../engine/memory-mode.ts'

const SMALLER: Readonly<Record<MemoryPlan, MemoryPlan | null>> = {
  resident: 'offload',
  offload: 'low-vram',
  'low-vram': null,
}

/** The plan to try after one that failed with this error; `null` if another plan cannot help, or none is smaller. */
export const smallerPlanAfter = (error: unknown, plan: MemoryPlan): MemoryPlan | null =>
  error instanceof DeviceFaultError && error.fault === 'out-of-memory' ? SMALLER[plan] : null
