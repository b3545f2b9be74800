import { type App, Tags } from 'aws-cdk-lib'
import { readConfig } from './config/read-config.ts'
import { PipelineStack } from './stacks/pipeline-stack.ts'
import { StorageStack } from './stacks/storage-stack.ts'

/** The stacks of what the app's context asks for. Throws an Error that names every key of it that is wrong. */
export const addDeployment = (
  app: App,
): { readonly storage: StorageStack; readonly pipeline: PipelineStack } => {
  const config = readConfig(app.node.getAllContext())
  const storage = new StorageStack(app, `${config.name}-storage`, {
    config,
    description: 'svd-batch: buckets; kept when the pipeline goes',
  })
  const pipeline = new PipelineStack(app, `${config.name}-pipeline`, {
    ...{ config, storage },
    description: 'svd-batch: pictures in, videos out',
  })
  Tags.of(app).add('svd-batch', config.name)
  return { storage, pipeline }
}
