import type { InstanceType } from './instance-types.ts'

/** An instance as far as a deployment starts it: `gpus` is 0 where it has none. */
export type MachineType = Omit<InstanceType, 'gpu'>

/*
 * EC2 instances without a GPU, for models that the CPU renders in seconds, as the demo's. Sizes, networks and on-demand
 * prices (US dollars an hour in us-east-1, Linux) are Karpenter's, which generates them from AWS's own lists
 * (aws/karpenter-provider-aws, instance-types.md and zz_generated.pricing_aws.go, of 2026-07-20). All have AVX-512, which
 * ONNX Runtime uses.
 */
export const CPU_INSTANCE_TYPES = {
  'c7i.xlarge': {
    ...{ gpus: 0, vcpus: 4, memoryGib: 8, nvmeGb: 0, networkGbitPerSecond: 1.562 },
    ...{ onDemandUsdPerHour: 0.1785, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7i.2xlarge': {
    ...{ gpus: 0, vcpus: 8, memoryGib: 16, nvmeGb: 0, networkGbitPerSecond: 3.125 },
    ...{ onDemandUsdPerHour: 0.357, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7i.4xlarge': {
    ...{ gpus: 0, vcpus: 16, memoryGib: 32, nvmeGb: 0, networkGbitPerSecond: 6.25 },
    ...{ onDemandUsdPerHour: 0.714, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7i.8xlarge': {
    ...{ gpus: 0, vcpus: 32, memoryGib: 64, nvmeGb: 0, networkGbitPerSecond: 12.5 },
    ...{ onDemandUsdPerHour: 1.428, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'm7i.xlarge': {
    ...{ gpus: 0, vcpus: 4, memoryGib: 16, nvmeGb: 0, networkGbitPerSecond: 1.562 },
    ...{ onDemandUsdPerHour: 0.2016, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'm7i.2xlarge': {
    ...{ gpus: 0, vcpus: 8, memoryGib: 32, nvmeGb: 0, networkGbitPerSecond: 3.125 },
    ...{ onDemandUsdPerHour: 0.4032, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'm7i.4xlarge': {
    ...{ gpus: 0, vcpus: 16, memoryGib: 64, nvmeGb: 0, networkGbitPerSecond: 6.25 },
    ...{ onDemandUsdPerHour: 0.8064, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'm7i.8xlarge': {
    ...{ gpus: 0, vcpus: 32, memoryGib: 128, nvmeGb: 0, networkGbitPerSecond: 12.5 },
    ...{ onDemandUsdPerHour: 1.6128, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7a.xlarge': {
    ...{ gpus: 0, vcpus: 4, memoryGib: 8, nvmeGb: 0, networkGbitPerSecond: 1.562 },
    ...{ onDemandUsdPerHour: 0.20528, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7a.2xlarge': {
    ...{ gpus: 0, vcpus: 8, memoryGib: 16, nvmeGb: 0, networkGbitPerSecond: 3.125 },
    ...{ onDemandUsdPerHour: 0.41056, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7a.4xlarge': {
    ...{ gpus: 0, vcpus: 16, memoryGib: 32, nvmeGb: 0, networkGbitPerSecond: 6.25 },
    ...{ onDemandUsdPerHour: 0.82112, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
  'c7a.8xlarge': {
    ...{ gpus: 0, vcpus: 32, memoryGib: 64, nvmeGb: 0, networkGbitPerSecond: 12.5 },
    ...{ onDemandUsdPerHour: 1.64224, spotUsdPerHour: null, quotaFamily: 'standard' },
  },
} as const satisfies Record<string, MachineType>

export type CpuInstanceTypeName = keyof typeof CPU_INSTANCE_TYPES

export const CPU_INSTANCE_TYPE_NAMES = Object.keys(CPU_INSTANCE_TYPES) as readonly CpuInstanceTypeName[]
