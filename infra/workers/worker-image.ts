import { fileURLToPath } from 'node:url'
import { Stack } from 'aws-cdk-lib'
import { Repository } from 'aws-cdk-lib/aws-ecr'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import { ContainerImage } from 'aws-cdk-lib/aws-ecs'
import type { Construct } from 'constructs'
import { ECR_IMAGE } from '../config/deployment-config.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What workers run: an image that is there, or one that `cdk deploy` builds of this project and pushes. */
export const workerImage = (scope: Construct, name: string): ContainerImage => {
  if (name === '') {
    return ContainerImage.fromAsset(ROOT, { file: 'worker/Dockerfile', platform: Platform.LINUX_AMD64 })
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
