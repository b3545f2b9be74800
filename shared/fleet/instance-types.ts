import { GPUS, type Gpu } from './gpus.ts'

/*
 * EC2 instances with NVIDIA GPUs, as far as they are planned with: sizes and prices. Prices are US dollars an hour in
 * us-east-1, Linux, from SkyPilot's catalog (skypilot-catalog, v9/aws/vms.csv, commit 2c3d7ea, of 2026; it does not say
 * of which day). On-demand prices agree with those that Karpenter generates from AWS's price list (aws/karpenter-provider-aws,
 * zz_generated.pricing_aws.go, of 2026-07-20), and so do sizes and networks with its instance-types.md. Spot prices move by
 * the hour and differ between zones: what stands here is the range over us-east-1's zones when the catalog was made. A
 * type whose Spot price was not looked up can be used all the same: results of its jobs then tell no cost.
 */

export const PRICES_OF = 'us-east-1, SkyPilot catalog 2c3d7ea (2026)'

export interface UsdRange {
  readonly low: number
  readonly high: number
}

/** Which of EC2's quotas counts an instance's vCPUs. */
export type QuotaFamily = 'standard' | 'g-vt' | 'p' | 'p5'

export interface InstanceType {
  readonly gpu: Gpu
  readonly gpus: number
  readonly vcpus: number
  readonly memoryGib: number
  /** Size of the instance store, all disks together. */
  readonly nvmeGb: number
  /** Bandwidth that the network sustains after its burst. */
  readonly networkGbitPerSecond: number
  readonly onDemandUsdPerHour: number
  /** `null` if the price was not looked up. */
  readonly spotUsdPerHour: UsdRange | null
  readonly quotaFamily: QuotaFamily
}

export const INSTANCE_TYPES = {
  'g4dn.xlarge': {
    ...{ gpu: GPUS.t4, gpus: 1, vcpus: 4, memoryGib: 16, nvmeGb: 125, networkGbitPerSecond: 5 },
    ...{ onDemandUsdPerHour: 0.526, spotUsdPerHour: { low: 0.213, high: 0.216 }, quotaFamily: 'g-vt' },
  },
  'g5.xlarge': {
    ...{ gpu: GPUS.a10g, gpus: 1, vcpus: 4, memoryGib: 16, nvmeGb: 250, networkGbitPerSecond: 2.5 },
    ...{ onDemandUsdPerHour: 1.006, spotUsdPerHour: { low: 0.433, high: 0.452 }, quotaFamily: 'g-vt' },
  },
  'g5.2xlarge': {
    ...{ gpu: GPUS.a10g, gpus: 1, vcpus: 8, memoryGib: 32, nvmeGb: 450, networkGbitPerSecond: 5 },
    ...{ onDemandUsdPerHour: 1.212, spotUsdPerHour: { low: 0.4859, high: 0.5155 }, quotaFamily: 'g-vt' },
  },
  'g5.4xlarge': {
    ...{ gpu: GPUS.a10g, gpus: 1, vcpus: 16, memoryGib: 64, nvmeGb: 600, networkGbitPerSecond: 10 },
    ...{ onDemandUsdPerHour: 1.624, spotUsdPerHour: { low: 0.6803, high: 0.7652 }, quotaFamily: 'g-vt' },
  },
  'g5.8xlarge': {
    ...{ gpu: GPUS.a10g, gpus: 1, vcpus: 32, memoryGib: 128, nvmeGb: 900, networkGbitPerSecond: 25 },
    ...{ onDemandUsdPerHour: 2.448, spotUsdPerHour: null, quotaFamily: 'g-vt' },
  },
  'g5.16xlarge': {
    ...{ gpu: GPUS.a10g, gpus: 1, vcpus: 64, memoryGib: 256, nvmeGb: 1900, networkGbitPerSecond: 25 },
    ...{ onDemandUsdPerHour: 4.096, spotUsdPerHour: null, quotaFamily: 'g-vt' },
  },
  'g6.xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 4, memoryGib: 16, nvmeGb: 250, networkGbitPerSecond: 2.5 },
    ...{ onDemandUsdPerHour: 0.8048, spotUsdPerHour: { low: 0.347, high: 0.553 }, quotaFamily: 'g-vt' },
  },
  'g6.2xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 8, memoryGib: 32, nvmeGb: 450, networkGbitPerSecond: 5 },
    ...{ onDemandUsdPerHour: 0.9776, spotUsdPerHour: { low: 0.4235, high: 0.7176 }, quotaFamily: 'g-vt' },
  },
  'g6.4xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 16, memoryGib: 64, nvmeGb: 600, networkGbitPerSecond: 10 },
    ...{ onDemandUsdPerHour: 1.3232, spotUsdPerHour: { low: 0.5549, high: 0.8684 }, quotaFamily: 'g-vt' },
  },
  'g6.8xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 32, memoryGib: 128, nvmeGb: 900, networkGbitPerSecond: 25 },
    ...{ onDemandUsdPerHour: 2.0144, spotUsdPerHour: null, quotaFamily: 'g-vt' },
  },
  'g6.16xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 64, memoryGib: 256, nvmeGb: 1880, networkGbitPerSecond: 25 },
    ...{ onDemandUsdPerHour: 3.3968, spotUsdPerHour: null, quotaFamily: 'g-vt' },
  },
  'gr6.4xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 16, memoryGib: 128, nvmeGb: 600, networkGbitPerSecond: 10 },
    ...{ onDemandUsdPerHour: 1.5392, spotUsdPerHour: { low: 0.653, high: 0.7245 }, quotaFamily: 'g-vt' },
  },
  'gr6.8xlarge': {
    ...{ gpu: GPUS.l4, gpus: 1, vcpus: 32, memoryGib: 256, nvmeGb: 900, networkGbitPerSecond: 25 },
    ...{ onDemandUsdPerHour: 2.4464, spotUsdPerHour: { low: 0.9514, high: 0.9897 }, quotaFamily: 'g-vt' },
  },
  'g6e.xlarge': {
    ...{ gpu: GPUS.l40s, gpus: 1, vcpus: 4, memoryGib: 32, nvmeGb: 250, networkGbitPerSecond: 2.5 },
    ...{ onDemandUsdPerHour: 1.861, spotUsdPerHour: { low: 0.878, high: 1.333 }, quotaFamily: 'g-vt' },
  },
  'g6e.2xlarge': {
    ...{ gpu: GPUS.l40s, gpus: 1, vcpus: 8, memoryGib: 64, nvmeGb: 450, networkGbitPerSecond: 5 },
    ...{ onDemandUsdPerHour: 2.24208, spotUsdPerHour: { low: 0.8402, high: 1.0992 }, quotaFamily: 'g-vt' },
  },
  'g6e.4xlarge': {
    ...{ gpu: GPUS.l40s, gpus: 1, vcpus: 16, memoryGib: 128, nvmeGb: 600, networkGbitPerSecond: 20 },
    ...{ onDemandUsdPerHour: 3.00424, spotUsdPerHour: null, quotaFamily: 'g-vt' },
  },
  'g6e.8xlarge': {
    ...{ gpu: GPUS.l40s, gpus: 1, vcpus: 32, memoryGib: 256, nvmeGb: 900, networkGbitPerSecond: 25 },
    ...{ onDemandUsdPerHour: 4.52856, spotUsdPerHour: null, quotaFamily: 'g-vt' },
  },
  'g6e.16xlarge': {
    ...{ gpu: GPUS.l40s, gpus: 1, vcpus: 64, memoryGib: 512, nvmeGb: 1900, networkGbitPerSecond: 35 },
    ...{ onDemandUsdPerHour: 7.57719, spotUsdPerHour: { low: 2.0591, high: 2.1677 }, quotaFamily: 'g-vt' },
  },
  'p4d.24xlarge': {
    ...{ gpu: GPUS.a100, gpus: 8, vcpus: 96, memoryGib: 1152, nvmeGb: 8000, networkGbitPerSecond: 400 },
    ...{ onDemandUsdPerHour: 21.9576, spotUsdPerHour: { low: 6.53, high: 13.99 }, quotaFamily: 'p' },
  },
  'p5.48xlarge': {
    ...{ gpu: GPUS.h100, gpus: 8, vcpus: 192, memoryGib: 2048, nvmeGb: 30_720, networkGbitPerSecond: 3200 },
    ...{ onDemandUsdPerHour: 55.04, spotUsdPerHour: { low: 18.2, high: 55 }, quotaFamily: 'p5' },
  },
} as const satisfies Record<string, InstanceType>

export type InstanceTypeName = keyof typeof INSTANCE_TYPES

export const INSTANCE_TYPE_NAMES = Object.keys(INSTANCE_TYPES) as readonly InstanceTypeName[]

/** The rest is the system's, Docker's and the agent's. */
const WORKER_SHARE = 0.8

/** The host's memory for one worker: there is one for each GPU, and one on a machine without any. */
export const workerMemoryMib = ({ memoryGib, gpus }: Pick<InstanceType, 'memoryGib' | 'gpus'>): number =>
  Math.floor((WORKER_SHARE * memoryGib * 1024) / Math.max(1, gpus))

export const instanceTypeOf = (name: InstanceTypeName): InstanceType => INSTANCE_TYPES[name]
