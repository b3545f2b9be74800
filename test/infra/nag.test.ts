import { readFileSync } from 'node:fs'
import { type App, Validations } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { describe, expect, test } from 'vitest'
import { addDeployment } from '../../infra/deployment.ts'
import { openApp, VARIANT_NAMES, VARIANTS } from './synthesized.ts'

/** `rule at construct`, of all that is neither mended nor acknowledged. */
const findingsOf = (app: App): readonly string[] => {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
  try {
    app.synth()
    return []
  } catch (error) {
    const [, file] = /found in: (\S+)/.exec((error as Error).message) ?? []
    if (file === undefined) throw error
    const { pluginReports } = JSON.parse(readFileSync(file, 'utf8'))
    return (pluginReports as readonly { violations: readonly Violation[] }[]).flatMap(({ violations }) =>
      violations.flatMap(({ ruleName, violatingResources, violatingConstructs }) =>
        (violatingConstructs ?? violatingResources ?? []).map(
          ({ constructPath = '?' }) => `${ruleName} at ${constructPath}`,
        ),
      ),
    )
  }
}
interface Violation {
  readonly ruleName: string
  readonly violatingResources?: readonly { readonly constructPath?: string }[]
  readonly violatingConstructs?: readonly { readonly constructPath?: string }[]
}

describe('cdk-nag with the packs AwsSolutions and Serverless', () => {
  test.each(VARIANT_NAMES)('has no open finding in the variant %s', (name) => {
    const app = openApp(VARIANTS[name])
    addDeployment(app)

    expect(findingsOf(app)).toEqual([])
  })

  test('reports a bucket that accepts requests without TLS', () => {
    const app = openApp()
    const { storage } = addDeployment(app)
    new Bucket(storage, 'Careless')

    expect(findingsOf(app)).toEqual(
      expect.arrayContaining([expect.stringMatching(/AwsSolutions-S10 at .*Careless/)]),
    )
  })
})
