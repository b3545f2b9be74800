import { App } from 'aws-cdk-lib'
import { InvalidInputError } from '../shared/contracts/invalid-input.ts'
import { addDeployment } from './deployment.ts'

const app = new App()
try {
  addDeployment(app)
  app.synth()
} catch (error) {
  // CDK's own trace tells a user nothing about a key of the context.
  if (!(error instanceof InvalidInputError)) throw error
  console.error(error.message)
  // At once: an app that ends by itself is synthesized, as far as it got.
  process.exit(1)
}
