import { shellWord } from '../../../shared/shell-text.ts'
import type { DeploymentOptions, DeploymentPart } from '../../aws/deployment.ts'
import { givenParts } from '../deployment-options.ts'
import { COMMAND } from '../own-command.ts'

/** Parts that the commands about jobs take. */
const PARTS: readonly DeploymentPart[] = ['outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl']

/** Command line about jobs that a user may copy: it is of the deployment that `options` of this command name. */
export const suggestedCommand = (options: DeploymentOptions, words: readonly string[]): string =>
  `${COMMAND} ${[...words, ...givenParts(PARTS, options)].map(shellWord).join(' ')}`
