import type { Command } from 'commander'
import { DEPLOYMENT_PARTS, type DeploymentOptions, type DeploymentPart } from '../aws/deployment.ts'

/** Options for the parts that a command needs, each with its environment variable. */
export const addDeploymentOptions = (command: Command, parts: readonly DeploymentPart[]): Command => {
  command.optionsGroup('Deployment:')
  for (const part of parts) {
    const { option, value, variable, help } = DEPLOYMENT_PARTS[part]
    command.option(`${option} <${value}>`, `${help} (${variable})`)
  }
  return command
}

/** Words that give the same parts to another command, of those that options gave. The environment gives it the others. */
export const givenParts = (parts: readonly DeploymentPart[], options: DeploymentOptions): readonly string[] =>
  parts.flatMap((part) => {
    const value = options[part]
    return value ? [DEPLOYMENT_PARTS[part].option, value] : []
  })
