import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import { execa } from 'execa'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import type { Deployment } from './deploy-on-moto.ts'

/** Calls a handler with events of a file, as Lambda does. */
const CALLER = fileURLToPath(new URL('../permissions/call-handler.ts', import.meta.url))

interface FunctionProperties {
  readonly Code: { readonly S3Bucket: unknown; readonly S3Key: string }
  readonly Handler: string
  readonly Runtime: string
}

export interface DeployedFunction {
  readonly name: string
  /** Returns the handler's answer to each event, and the lines that it wrote. */
  invoke(
    ...events: readonly unknown[]
  ): Promise<{ readonly answers: readonly unknown[]; readonly log: string }>
}

/**
 * The function whose logical id begins so, run by this Node in a process of its own: code of the asset that the template
 * names, environment of the function that moto has made. Lambda adds the region and credentials; the endpoint is moto's.
 */
export const deployedFunction = async (deployment: Deployment, prefix: string): Promise<DeployedFunction> => {
  const { account, assemblyDir, synthesized, physicalIdOf } = deployment
  const found = Object.entries(synthesized['svd-pipeline'].Resources).filter(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(prefix),
  )
  if (found.length !== 1) throw new Error(`${found.length} functions begin with ${prefix}`)
  const [id, { Properties }] = found[0]!
  const { Code, Handler, Runtime } = Properties as unknown as FunctionProperties
  if (Runtime !== `nodejs${process.versions.node.split('.')[0]}.x`) {
    throw new Error(`${id} is for ${Runtime}, and this test runs on Node ${process.versions.node}`)
  }
  if (Handler !== 'index.handler') throw new Error(`${id} has the handler ${Handler}`)
  const name = physicalIdOf(id)
  const asked = new GetFunctionConfigurationCommand({ FunctionName: name })
  const { Environment } = await account.lambda.send(asked)
  const codeDir = path.join(assemblyDir, `asset.${Code.S3Key.replace(/\.zip$/, '')}`)

  return {
    name,
    async invoke(...events) {
      const dir = await temporaryDir()
      const [asked, answered] = [path.join(dir, 'events.json'), path.join(dir, 'answers.json')]
      await writeFile(asked, JSON.stringify(events))
      const { all } = await execa(
        process.execPath,
        [CALLER, path.join(codeDir, 'index.js'), asked, answered],
        {
          ...{ cwd: codeDir, extendEnv: false, all: true },
          env: { ...account.environment, AWS_LAMBDA_FUNCTION_NAME: name, ...Environment?.Variables },
        },
      )
      return { answers: JSON.parse(await readFile(answered, 'utf8')), log: all }
    },
  }
}
