import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  type IMachineImage,
  type ISecurityGroup,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  type UserData,
} from 'aws-cdk-lib/aws-ec2'
import type { IRole } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { type InstanceTypeName, instanceTypeOf, workerMemoryMib } from '../../shared/fleet/instance-types.ts'

/** The system, Docker, and the worker's image, of which CUDA's libraries are the most. */
const ROOT_VOLUME_GIB = 60

export interface GpuInstancesProps {
  readonly userData: UserData
  readonly securityGroup?: ISecurityGroup
  readonly machineImage?: IMachineImage
  readonly role?: IRole
}

/**
 * How a machine with a GPU starts, for both kinds of compute. A worker asks the metadata service for Spot's notice and
 * its machine's price, from inside of a container: that is one hop more than the host's own.
 */
export const gpuLaunchTemplate = (scope: Construct, id: string, props: GpuInstancesProps): LaunchTemplate =>
  new LaunchTemplate(scope, id, {
    ...props,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 2,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(ROOT_VOLUME_GIB, {
          encrypted: true,
          volumeType: EbsDeviceVolumeType.GP3,
          deleteOnTermination: true,
        }),
      },
    ],
  })

/** Of all types that may be started, the least that a worker finds: its GPU's share of the machine. */
export const leastShare = (
  names: readonly InstanceTypeName[],
): { readonly vcpus: number; readonly memoryMib: number } => {
  const shares = names.map((name) => {
    const instance = instanceTypeOf(name)
    return { vcpus: Math.floor(instance.vcpus / instance.gpus), memoryMib: workerMemoryMib(instance) }
  })
  return {
    vcpus: Math.min(...shares.map(({ vcpus }) => vcpus)),
    memoryMib: Math.min(...shares.map(({ memoryMib }) => memoryMib)),
  }
}

/** Of the fleet: all its types have the same number. */
export const gpusPerInstance = ([first]: readonly InstanceTypeName[]): number =>
  first === undefined ? 1 : instanceTypeOf(first).gpus
