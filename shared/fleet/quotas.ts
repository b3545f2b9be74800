import type { QuotaFamily } from './instance-types.ts'

/**
 * Service Quotas' codes of EC2's limits on running instances, by family and way of paying. They count vCPUs. In a new
 * account those of GPU instances are often 0, and those of standard instances 5 or more.
 */
export const VCPU_QUOTAS = {
  standard: {
    onDemand: {
      code: 'L-1216C47A',
      name: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
    },
    spot: { code: 'L-34B43A08', name: 'All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests' },
  },
  'g-vt': {
    onDemand: { code: 'L-DB2E81BA', name: 'Running On-Demand G and VT instances' },
    spot: { code: 'L-3819A6DF', name: 'All G and VT Spot Instance Requests' },
  },
  p: {
    onDemand: { code: 'L-417A185B', name: 'Running On-Demand P instances' },
    spot: { code: 'L-7212CCBC', name: 'All P4, P3 and P2 Spot Instance Requests' },
  },
  // On demand P5 is counted with the other P; only its Spot requests are apart.
  p5: {
    onDemand: { code: 'L-417A185B', name: 'Running On-Demand P instances' },
    spot: { code: 'L-C4BD4855', name: 'All P5 Spot Instance Requests' },
  },
} as const satisfies Record<QuotaFamily, Record<'onDemand' | 'spot', { code: string; name: string }>>

/** Messages of one standard SQS queue that may be received and not yet deleted. */
export const MAX_MESSAGES_IN_FLIGHT = 120_000
