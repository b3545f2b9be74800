import {
  BlockDeviceVolume,
  type CfnLaunchTemplate,
  EbsDeviceVolumeType,
  type IMachineImage,
  type ISecurityGroup,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  type UserData,
} from 'aws-cdk-lib/aws-ec2'
import type { IRole } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import type { DeploymentConfig } from '../config/deployment-config.ts'

/** The system, Docker, and the worker's image, of which CUDA's libraries are the most. */
const ROOT_VOLUME_GIB = { cuda: 60, cpu: 30 } as const

export interface WorkerMachinesProps {
  readonly config: Pick<DeploymentConfig, 'device' | 'capacityReservationId'>
  readonly userData: UserData
  readonly securityGroup?: ISecurityGroup
  readonly machineImage?: IMachineImage
  readonly role?: IRole
}

/**
 * Launch template of a worker's machine, for both kinds of compute. A worker asks the metadata service for Spot's
 * notice and its machine's price, from inside of a container: that is one hop more than the host's own.
 */
export const workerLaunchTemplate = (
  scope: Construct,
  id: string,
  { config, ...props }: WorkerMachinesProps,
): LaunchTemplate => {
  const template = new LaunchTemplate(scope, id, {
    ...props,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 2,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(ROOT_VOLUME_GIB[config.device], {
          encrypted: true,
          volumeType: EbsDeviceVolumeType.GP3,
          deleteOnTermination: true,
        }),
      },
    ],
  })
  if (config.capacityReservationId !== '') {
    // CDK's own class does not know the property.
    const resource = template.node.defaultChild as CfnLaunchTemplate
    resource.addPropertyOverride('LaunchTemplateData.CapacityReservationSpecification', {
      CapacityReservationTarget: { CapacityReservationId: config.capacityReservationId },
    })
  }
  return template
}
