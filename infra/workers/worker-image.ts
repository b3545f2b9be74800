import { fileURLToPath } from 'node:url'
import { Stack } from 'aws-cdk-lib'
import { Repository } from 'aws-cdk-lib/aws-ecr'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import { ContainerImage } from 'aws-cdk-lib/aws-ecs'
import type { Construct } from 'constructs'
import type { WorkerDevice } from '../../shared/fleet/machine-types.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { ECR_IMAGE } from '../config/ecr-image.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Stages of worker/Dockerfile. */
const TARGETS: Readonly<Record<WorkerDevice, string>> = { cuda: 'worker', cpu: 'cpu' }

/** Image that workers run: an existing one, or one that `cdk deploy` builds from this project and pushes. */
export const workerImage = (
  scope: Construct,
  { workerImage: name, device, cudaImage }: Pick<DeploymentConfig, 'workerImage' | 'device' | 'cudaImage'>,
): ContainerImage => {
  if (name === '') {
    return ContainerImage.fromAsset(ROOT, {
      file: 'worker/Dockerfile',
      target: TARGETS[device],
      platform: Platform.LINUX_AMD64,
      ...(cudaImage === '' ? {} : { buildArgs: { CUDA_IMAGE: cudaImage } }),
    })
  }
  const [, account, region, repositoryName, tagOrDigest] = ECR_IMAGE.exec(name) ?? []
  if (repositoryName === undefined) return ContainerImage.fromRegistry(name)
  const repositoryArn = Stack.of(scope).formatArn({
    ...{ service: 'ecr', resource: 'repository', resourceName: repositoryName },
    ...{ account: account!, region: region! },
  })
  const repository = Repository.fromRepositoryAttributes(scope, 'Images', { repositoryArn, repositoryName })
  return ContainerImage.fromEcrRepository(repository, tagOrDigest)
}
