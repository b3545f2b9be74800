import { type IManagedPolicy, ManagedPolicy, type Role } from 'aws-cdk-lib/aws-iam'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'

const POLICY = 'AmazonSSMManagedInstanceCore'

/**
 * Policies that a machine's role needs so that an operator can open a shell on it through Session Manager; none by
 * default. AWS's AMIs for ECS have its agent: `amazon-ssm-agent` among `packages_al2023` (aws/amazon-ecs-ami,
 * variables.pkr.hcl).
 */
export const sessionManagerPolicies = ({
  sessionManager,
}: Pick<DeploymentConfig, 'sessionManager'>): readonly IManagedPolicy[] =>
  sessionManager === 'on' ? [ManagedPolicy.fromAwsManagedPolicyName(POLICY)] : []

export const acknowledgeSessionManager = (
  role: Role,
  { sessionManager }: Pick<DeploymentConfig, 'sessionManager'>,
): void => {
  if (sessionManager === 'off') return
  acknowledge(role, {
    [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${POLICY}]`]:
      'Asked for by svd:sessionManager, and the policy that AWS documents for it.',
  })
}
