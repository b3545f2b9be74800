import { CfnDynamicReference, CfnDynamicReferenceService } from 'aws-cdk-lib'
import { type IMachineImage, OperatingSystemType, UserData } from 'aws-cdk-lib/aws-ec2'
import type { WorkerDevice } from '../../shared/fleet/machine-types.ts'

/*
 * Which AMI a machine starts from: AWS's own for ECS, as it is on the day on which `svd:amiDate` was changed, and until
 * it is changed again. A plain deploy changes no machine.
 *
 *   AWS Batch   picks the newest AMI when a compute environment is made, and "doesn't automatically upgrade the AMIs"
 *               (CreateComputeEnvironment). A change of its launch template is an infrastructure update, for which
 *               `updateToLatestImageVersion` picks the newest again (AWS Batch user guide, "Perform infrastructure updates").
 *   ECS         CloudFormation reads the SSM parameter when it makes or changes the launch template. It does not see that
 *               the parameter has another value (aws-cloudformation/cloudformation-coverage-roadmap#844).
 *
 * The date is a line of the user data, so that both launch templates change with it.
 */

/**
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html. CUDA 13 needs NVIDIA's driver
 * 580 or newer, which the AMI for GPUs has: "NVIDIA driver version: 580.178.04" (release 20261030 of aws/amazon-ecs-ami).
 */
const PARAMETERS: Readonly<Record<WorkerDevice, string>> = {
  cuda: '/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id',
  cpu: '/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id',
}

/** For a launch template of an Auto Scaling group; AWS Batch picks by itself. */
export const ecsMachineImage = (device: WorkerDevice): IMachineImage => ({
  getImage: () => ({
    imageId: new CfnDynamicReference(CfnDynamicReferenceService.SSM, PARAMETERS[device]).toString(),
    osType: OperatingSystemType.LINUX,
    userData: UserData.forLinux(),
  }),
})

/** A line of the user data that does nothing but change with the date. */
export const amiDateLine = (amiDate: string): string => `# svd:amiDate ${amiDate || 'not set'}`
