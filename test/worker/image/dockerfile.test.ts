import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { addDeploymentOptions } from '../../../worker/cli/deployment.ts'
import { addWorkerSettings } from '../../../worker/cli/worker-settings.ts'
import { isSent } from './build-context.ts'
import { pairsOf, parseDockerfile, type Stage, valuesOf } from './dockerfile.ts'
import { inRepository } from './in-repository.ts'

const readText = (file: string): Promise<string> => readFile(inRepository(file), 'utf8')
const readJson = async (file: string) => JSON.parse(await readText(file))

const text = await readText('worker/Dockerfile')
const { args, stages } = parseDockerfile(text)
const stage = (name: string): Stage => {
  const found = stages.find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no stage ${name}`)
  return found
}
const worker = stage('worker')
const only = (keyword: string): string => {
  const values = valuesOf(worker, keyword)
  expect(values).toHaveLength(1)
  return values[0]!
}

describe('what the image is made of', () => {
  test.each(stages.map(({ name, image }) => [name, image]))(
    'stage %s is of an exact tag, and a digest that is given is heeded',
    (_, image) => {
      const [, tag = ''] = /^[\w/]+:\$\{(\w+_TAG)\}/.exec(image) ?? []
      const digest = tag.replace('_TAG', '_DIGEST')
      expect(image).toMatch(new RegExp(`:\\$\\{${tag}\\}\\$\\{${digest}:\\+@\\$\\{${digest}\\}\\}$`))
      expect(args.get(tag)).toMatch(/^\d+\.\d+\.\d+-/)
      expect(args.get(digest)).toBeNull()
    },
  )

  test('the last stage, which is what is built, is the one on CUDA 13.0 and cuDNN', () => {
    expect(stages.at(-1)).toBe(worker)
    expect(worker.image).toMatch(/^nvidia\/cuda:/)
    expect(args.get('CUDA_TAG')).toMatch(/^13\.0\.\d+-cudnn-runtime-ubuntu24\.04$/)
  })

  test('its Node is the one that the tests run with', async () => {
    const { packages } = await readJson('package-lock.json')
    expect(args.get('NODE_TAG')).toBe(`${packages['node_modules/node'].version}-bookworm-slim`)
  })

  test('it names no registry, and takes nothing by its address', () => {
    expect(text).not.toMatch(/https?:|\w+\.(io|com|org)\//)
    expect(stages.flatMap(({ instructions }) => instructions).map(({ keyword }) => keyword)).not.toContain(
      'ADD',
    )
  })

  test('ffmpeg is all that is installed, and nothing is left of the other stages but what is copied', () => {
    const installed = valuesOf(worker, 'RUN').flatMap((run) =>
      [...run.matchAll(/apt-get install --yes --no-install-recommends (.*?) &&/g)].map(([, names]) => names),
    )
    expect(installed).toEqual(["'ffmpeg=7:6.1.*'"])
    expect(valuesOf(worker, 'COPY')).toEqual([
      '--from=app /usr/local/bin/node /usr/local/bin/node',
      '--from=app /usr/local/LICENSE /usr/local/share/doc/node/LICENSE',
      '--from=provider /provider/ /opt/svd/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/',
      '--from=packages /opt/svd/node_modules/ /opt/svd/node_modules/',
      '--from=app /app/ /opt/svd/',
    ])
  })

  test('what its builder may keep to himself is mounted, not copied', () => {
    expect([...args.keys(), ...stages.flatMap((each) => valuesOf(each, 'ARG'))]).toEqual([
      ...['CUDA_TAG', 'CUDA_DIGEST', 'NODE_TAG', 'NODE_DIGEST', 'REVISION'],
    ])
    expect(valuesOf(stage('provider'), 'RUN')[0]).toMatch(/^--mount=type=secret,id=pip-index-url /)
    expect(valuesOf(stage('packages'), 'RUN')[0]).toMatch(/^--mount=type=secret,id=npmrc,/)
  })

  test('it says what it is', async () => {
    const { version } = await readJson('package.json')
    expect(Object.fromEntries(pairsOf(worker, 'LABEL'))).toMatchObject({
      'org.opencontainers.image.version': version,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the build's variable.
      'org.opencontainers.image.revision': '${REVISION}',
      'org.opencontainers.image.licenses': expect.stringMatching(/^Apache-2\.0 AND /),
    })
  })
})

describe('how it runs', () => {
  test('as a user by number, who is not root, from before its checks on', () => {
    expect(only('USER')).toBe('10001:10001')
    const keywords = worker.instructions.map(({ keyword }) => keyword)
    const afterUser = worker.instructions.slice(keywords.indexOf('USER')).filter((i) => i.keyword === 'RUN')
    expect(afterUser).toHaveLength(1)
    expect(valuesOf(worker, 'RUN').join()).toContain('useradd --uid 10001 --gid 10001')
  })

  test('without a shell between, so that SIGTERM comes through', () => {
    const commands = [only('ENTRYPOINT'), only('CMD'), only('HEALTHCHECK').replace(/^.* CMD /, '')].map(
      (command): readonly string[] => JSON.parse(command),
    )
    expect(commands).toEqual([
      ['node', '/opt/svd/worker/cli/svd.ts'],
      ['worker'],
      ['node', '/opt/svd/worker/image/check-health.ts'],
    ])
    expect(only('STOPSIGNAL')).toBe('SIGTERM')
  })

  test('from files that are there', () => {
    const copied = stages
      .flatMap((each) => valuesOf(each, 'COPY'))
      .filter((value) => !value.startsWith('--from='))
      .flatMap((value) => value.split(' ').slice(0, -1))
    const run = [...text.matchAll(/\/opt\/svd\/(worker\/[\w/-]+\.\w+)/g)].map(([, file = '']) => file)
    const helpers = [...text.matchAll(/ sh \/image\/([\w-]+\.sh)/g)].map(([, name]) => `worker/image/${name}`)
    expect(Math.min(copied.length, run.length)).toBeGreaterThan(1)
    expect(helpers).toEqual(['worker/image/install-packages.sh'])
    expect([...copied, ...run, ...helpers].filter((file) => !existsSync(inRepository(file)))).toEqual([])
    expect(copied.filter((file) => !isSent(file))).toEqual([])
  })

  test('with all that is written in two folders, of the user, outside of the layers', () => {
    const env = pairsOf(worker, 'ENV')
    const volumes: readonly string[] = JSON.parse(only('VOLUME'))
    const written = ['HOME', 'TMPDIR', 'CUDA_CACHE_PATH', 'SVD_CACHE_DIR', 'SVD_SCRATCH_DIR']
    expect(volumes).toEqual(['/var/cache/svd', '/var/lib/svd'])
    for (const name of written) {
      const dir = env.get(name) ?? ''
      expect(volumes.some((volume) => `${dir}/`.startsWith(`${volume}/`))).toBe(true)
    }
    expect(valuesOf(worker, 'RUN')[0]).toContain(
      `install --directory --owner=svd --group=svd --mode=700 ${volumes.join(' ')}`,
    )
    expect(volumes).toContain(only('WORKDIR'))
  })

  test('without telling anybody else what it does', () => {
    expect(pairsOf(worker, 'ENV').get('ORT_DISABLE_TELEMETRY')).toBe('1')
  })

  test('with settings that the worker knows', () => {
    const command = addDeploymentOptions(addWorkerSettings(new Command()), ['model'])
    const set = [...pairsOf(worker, 'ENV').keys()].filter((name) => name.startsWith('SVD_'))
    expect(set).toEqual(['SVD_CACHE_DIR', 'SVD_DEVICE', 'SVD_SCRATCH_DIR', 'SVD_HEALTH_PORT'])
    for (const name of set) {
      // Read where weights are cached, by every command.
      if (name !== 'SVD_CACHE_DIR') expect(command.helpInformation()).toContain(name)
    }
  })

  test('after every check of the build has passed', async () => {
    const checks = (await readdir(inRepository('worker/image'))).filter((file) => /^check-.*\.sh$/.test(file))
    const run = valuesOf(worker, 'RUN').at(-1) ?? ''
    expect([...run.matchAll(/check-[\w-]+\.sh/g)].map(([file]) => file).sort()).toEqual(checks.sort())
    expect(run).toMatch(/&& node \/opt\/svd\/worker\/cli\/svd\.ts doctor --device cpu$/)
    expect(run).not.toMatch(/\|\||;/)
  })
})
