import { fileURLToPath } from 'node:url'
import { AssetHashType, DockerImage } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { bundleFunction, type FunctionBundle } from './bundle-function.ts'

const FUNCTIONS_DIR = fileURLToPath(new URL('../../functions', import.meta.url))

/** The asset of a function, bundled when it is synthesized; by its content, so that only what changed is deployed. */
export const functionCode = (bundle: FunctionBundle): Code =>
  Code.fromAsset(FUNCTIONS_DIR, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('not-used'),
      // Not run either. CDK bundles once what has the same folder and the same options, and does not look into a function.
      command: [bundle.entry, ...bundle.nativePackages],
      local: {
        tryBundle(outputDir) {
          bundleFunction(bundle, outputDir)
          return true
        },
      },
    },
  })
