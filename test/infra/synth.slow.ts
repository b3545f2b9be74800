import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { type DeploymentKeys, VARIANT_NAMES, VARIANTS } from './synthesized.ts'
import { withoutAws } from './without-aws.ts'

/** Runs the command of the README without an account, credentials or a region. */
const cdk = (...given: readonly string[]) =>
  execa('npx', ['cdk', ...given], { env: withoutAws(), extendEnv: false, all: true, reject: false })

const filesBelow = async (dir: string): Promise<readonly string[]> =>
  (await readdir(dir, { recursive: true })).map((file) => file.replace(/^asset\.[0-9a-f]+/, 'asset'))

/** The code that Lambda would run for the function whose id begins with `prefix`. */
const codeOf = async (output: string, prefix: string): Promise<string> => {
  const { Resources } = JSON.parse(
    await readFile(path.join(output, 'svd-pipeline.template.json'), 'utf8'),
  ) as {
    readonly Resources: Readonly<
      Record<string, { readonly Type: string; readonly Properties: CodeProperties }>
    >
  }
  const found = Object.entries(Resources).filter(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(prefix),
  )
  expect(found).toHaveLength(1)
  const key = found[0]![1].Properties.Code.S3Key.replace(/\.zip$/, '')
  return await readFile(path.join(output, `asset.${key}`, 'index.js'), 'utf8')
}
interface CodeProperties {
  readonly Code: { readonly S3Key: string }
}

describe('npx cdk synth', () => {
  test.each(VARIANT_NAMES)('needs no account, no credentials and no Docker for %s', async (name) => {
    const output = await temporaryDir()
    const keys = Object.entries(VARIANTS[name]).flatMap(([key, value]) => [
      '--context',
      `svd:${key}=${value}`,
    ])

    const { exitCode, all } = await cdk('synth', '--quiet', '--strict', '--output', output, ...keys)

    expect({ exitCode, all }).toMatchObject({ exitCode: 0 })
    const files = await filesBelow(output)
    expect(files).toEqual(
      expect.arrayContaining([
        'svd-storage.template.json',
        'svd-pipeline.template.json',
        // Ingest as Lambda gets it, and all that the worker's image is made of.
        'asset/index.js',
        'asset/node_modules/@img/sharp-linux-x64/package.json',
        'asset/worker/Dockerfile',
        'asset/worker/cli/svd.ts',
      ]),
    )
    const { dockerImages } = JSON.parse(
      await readFile(path.join(output, 'svd-pipeline.assets.json'), 'utf8'),
    ) as { readonly dockerImages: Readonly<Record<string, { readonly source: object }>> }
    const variant: DeploymentKeys = VARIANTS[name]
    const dockerBuildTarget = variant['device'] === 'cpu' ? 'cpu' : 'worker'
    expect(Object.values(dockerImages).map(({ source }) => source)).toEqual([
      expect.objectContaining({
        ...{ dockerFile: 'worker/Dockerfile', platform: 'linux/amd64', dockerBuildTarget },
      }),
    ])
  })

  test('gives each function its own code', async () => {
    const output = await temporaryDir()

    await cdk('synth', '--quiet', '--output', output, '-c', 'svd:compute=both')

    // Names that only one of them reads; the whole text would be two megabytes of a message.
    const names = ['SVD_INPUT_BUCKET', 'SVD_BATCH_JOB_QUEUE']
    const named = async (prefix: string): Promise<readonly string[]> => {
      const code = await codeOf(output, prefix)
      return names.filter((name) => code.includes(name))
    }
    expect(await named('Ingest')).toEqual(['SVD_INPUT_BUCKET'])
    expect(await named('Dispatch')).toEqual(['SVD_BATCH_JOB_QUEUE'])
  })

  test('reports wrong context keys in a few lines and writes nothing', async () => {
    const output = await temporaryDir()

    const { exitCode, all } = await cdk(
      'synth',
      '--output',
      output,
      '-c',
      'svd:compute=fargate',
      '-c',
      'svd:x=1',
    )

    expect(exitCode).toBe(1)
    expect(all).toContain("svd:compute: got 'fargate'; ")
    expect(all).toContain('svd:x: there is no such key; there are name, modelId, compute, ')
    expect(all).not.toMatch(/^\s+at /m)
    expect(await readdir(output)).toEqual([])
  })
})
