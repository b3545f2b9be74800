import type { Command } from 'commander'
import type { DeploymentOptions } from '../../aws/deployment.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { addWorkerSettings, type WorkerSettingOptions } from './settings.ts'

const NOTES = `
Takes jobs from the queue, one at a time, and puts their clips into the output bucket, until it is told to end: by
SIGTERM or Ctrl-C (a second one ends it at once), by a Spot notice, or by --until-idle and --max-jobs. It releases
jobs that it cannot finish. Before its first job it checks disk, memory, ffmpeg, bucket, queue and model.

One JSON object a line on stdout. Region, credentials and endpoint: the standard AWS environment.

  svd worker --model svd-xt --output-bucket clips --jobs-queue-url https://sqs.…/jobs
`

export const addWorkerOptions = (command: Command): Command => {
  command.summary('render jobs from the queue').description('Renders jobs from the queue.')
  addDeploymentOptions(command, ['model', 'outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'])
  return addWorkerSettings(command.optionsGroup('Worker:')).addHelpText('after', NOTES)
}

export type WorkerCommandOptions = DeploymentOptions & WorkerSettingOptions
