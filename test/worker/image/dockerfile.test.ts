import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { addDeploymentOptions } from '../../../worker/cli/deployment-options.ts'
import { addWorkerSettings } from '../../../worker/cli/worker/settings.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'
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
const cpu = stage('cpu')
/** A variable in the syntax of a Dockerfile. */
const variable = (name: string): string => `\${${name}}`
/** The one instruction of this kind in the stage. */
const only = (image: Stage, keyword: string): string => {
  const values = valuesOf(image, keyword)
  expect(values).toHaveLength(1)
  return values[0]!
}

describe('the Dockerfile', () => {
  test.each(stages.map(({ name, image }) => [name, image]))(
    'takes stage %s from an exact tag, or from the image that the builder gives instead',
    (_, image) => {
      if (image === 'node') return expect(stage('node').image).toMatch(/^\$\{/)
      const [, name = ''] = /^\$\{(\w+_IMAGE)\}$/.exec(image) ?? []
      expect(args.get(name)).toMatch(/^[\w/]+:\d+\.\d+\.\d+-/)
    },
  )

  test('copies and installs on the platform of the builder, and runs programs on that of the image', () => {
    expect(stages.map(({ name, platform }) => [name, platform])).toEqual([
      ['packages', '$BUILDPLATFORM'],
      ['provider', '$BUILDPLATFORM'],
      ['app', '$BUILDPLATFORM'],
      ['node', null],
      ['cpu', null],
      ['worker', null],
    ])
    // A program of the builder's platform would not start in the image.
    const programs = [worker, cpu]
      .flatMap((image) => valuesOf(image, 'COPY'))
      .filter((value) => value.includes('/usr/'))
    for (const copied of notEmpty(programs)) expect(copied).toMatch(/^--from=node /)
  })

  test('installs packages for Linux on x86-64 on every machine that builds it', async () => {
    const script = await readText('worker/image/install-packages.sh')

    expect(script).toMatch(/^npm ci .* --os=linux --cpu=x64 --libc=glibc$/m)
  })

  test('has CUDA 13.0 and cuDNN in its last stage, which is the built one', () => {
    expect(stages.at(-1)).toBe(worker)
    expect(worker.image).toBe(variable('CUDA_IMAGE'))
    expect(args.get('CUDA_IMAGE')).toMatch(/^nvidia\/cuda:13\.0\.\d+-cudnn-runtime-ubuntu24\.04$/)
  })

  test('uses the Node version that the tests run with', async () => {
    const { packages } = await readJson('package-lock.json')
    expect(args.get('NODE_IMAGE')).toBe(`node:${packages['node_modules/node'].version}-bookworm-slim`)
  })

  test('names no registry, and fetches nothing by URL', () => {
    expect(text).not.toMatch(/https?:|\w+\.(io|com|org)\//)
    expect(stages.flatMap(({ instructions }) => instructions).map(({ keyword }) => keyword)).not.toContain(
      'ADD',
    )
  })

  test.each([
    ['worker', '7:6.1'],
    ['cpu', '7:5.1'],
  ])('installs in %s with one script ffmpeg %s and no other package', async (name, version) => {
    const script = '/image/prepare-system.sh'
    const mount = `--mount=type=bind,source=worker${script},target=${script}`
    expect(valuesOf(stage(name), 'RUN')[0]).toMatch(new RegExp(`^${mount} sh ${script} ${version}(?: &&|$)`))
    const installed = [...(await readText(`worker${script}`)).matchAll(/apt-get install .*/g)].map(
      ([line]) => line,
    )
    expect(installed).toEqual(['apt-get install --yes --no-install-recommends "ffmpeg=$1.*"'])
  })

  test('copies from other stages only what the image needs, and CUDA into one image alone', () => {
    const packages = '--from=packages /opt/svd/node_modules/ /opt/svd/node_modules/'
    const app = '--from=app /app/ /opt/svd/'
    expect(valuesOf(worker, 'COPY')).toEqual([
      '--from=node /usr/local/bin/node /usr/local/bin/node',
      '--from=node /usr/local/LICENSE /usr/local/share/doc/node/LICENSE',
      '--from=provider /provider/ /opt/svd/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/',
      ...[packages, app],
    ])
    expect(valuesOf(cpu, 'COPY')).toEqual([packages, app])
    expect(stage(cpu.image).image).toBe(variable('NODE_IMAGE'))
  })

  test('mounts the secrets of its builder and does not copy them', () => {
    expect([...args.keys()]).toEqual(['CUDA_IMAGE', 'NODE_IMAGE'])
    expect(new Set(stages.flatMap((each) => valuesOf(each, 'ARG')))).toEqual(new Set(['REVISION']))
    expect(valuesOf(stage('provider'), 'RUN')[0]).toMatch(/^--mount=type=secret,id=pip-index-url /)
    expect(valuesOf(stage('packages'), 'RUN')[0]).toMatch(/^--mount=type=secret,id=npmrc,/)
  })

  test.each([worker, cpu])('labels image $name with version, revision and licences', async (image) => {
    const { version } = await readJson('package.json')
    expect(Object.fromEntries(pairsOf(image, 'LABEL'))).toMatchObject({
      'org.opencontainers.image.version': version,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the build's variable.
      'org.opencontainers.image.revision': '${REVISION}',
      'org.opencontainers.image.licenses': expect.stringMatching(/^Apache-2\.0 AND /),
    })
  })
})

describe.each([worker, cpu])('the image $name', (image) => {
  test('runs as a user by number who is not root, already during its checks', async () => {
    expect(only(image, 'USER')).toBe('10001:10001')
    const keywords = image.instructions.map(({ keyword }) => keyword)
    const afterUser = image.instructions.slice(keywords.indexOf('USER')).filter((i) => i.keyword === 'RUN')
    expect(afterUser).toHaveLength(1)
    expect(await readText('worker/image/prepare-system.sh')).toContain('useradd --uid 10001 --gid 10001')
  })

  test('starts its programs without a shell, so that SIGTERM reaches them', () => {
    const healthCheck = only(image, 'HEALTHCHECK').replace(/^.* CMD /, '')
    const commands = [only(image, 'ENTRYPOINT'), only(image, 'CMD'), healthCheck].map(
      (command): readonly string[] => JSON.parse(command),
    )
    expect(commands).toEqual([
      ['node', '/opt/svd/worker/cli/svd.ts'],
      ['worker'],
      ['node', '/opt/svd/worker/image/check-health.ts'],
    ])
    expect(only(image, 'STOPSIGNAL')).toBe('SIGTERM')
  })

  test('writes only to two folders of the user, which are volumes', async () => {
    const env = pairsOf(image, 'ENV')
    const volumes: readonly string[] = JSON.parse(only(image, 'VOLUME'))
    const written = [
      ...['HOME', 'TMPDIR', 'CUDA_CACHE_PATH', 'SVD_CACHE_DIR', 'SVD_SCRATCH_DIR', 'SVD_HEALTH_PORT_FILE'],
    ]
    expect(volumes).toEqual(['/var/cache/svd', '/var/lib/svd'])
    for (const name of written.filter((each) => image === worker || each !== 'CUDA_CACHE_PATH')) {
      const dir = env.get(name) ?? ''
      expect(volumes.some((volume) => `${dir}/`.startsWith(`${volume}/`))).toBe(true)
    }
    expect(await readText('worker/image/prepare-system.sh')).toContain(
      `install --directory --owner=svd --group=svd --mode=700 ${volumes.join(' ')}`,
    )
    expect(volumes).toContain(only(image, 'WORKDIR'))
  })

  test('has only settings that the worker knows', () => {
    const command = addDeploymentOptions(addWorkerSettings(new Command()), ['model'])
    const set = [...pairsOf(image, 'ENV').keys()].filter((name) => name.startsWith('SVD_'))
    expect(set).toEqual([
      ...['SVD_CACHE_DIR', 'SVD_DEVICE', 'SVD_SCRATCH_DIR', 'SVD_HEALTH_PORT', 'SVD_HEALTH_PORT_FILE'],
    ])
    for (const name of set) {
      // Read where weights are cached, by every command.
      if (name !== 'SVD_CACHE_DIR') expect(command.helpInformation()).toContain(name)
    }
  })

  test('runs every check of the build', async () => {
    const checks = (await readdir(inRepository('worker/image'))).filter((file) => /^check-.*\.sh$/.test(file))
    const run = valuesOf(image, 'RUN').at(-1) ?? ''
    expect([...run.matchAll(/check-[\w-]+\.sh/g)].map(([file]) => file).sort()).toEqual(checks.sort())
    expect(run).toMatch(/&& node \/opt\/svd\/worker\/cli\/svd\.ts doctor( --device cpu)?$/)
    expect(run).not.toMatch(/\|\||;/)
  })
})

test('both images have the same environment, except for CUDA', () => {
  const [onGpu, onCpu] = [worker, cpu].map((image) => Object.fromEntries(pairsOf(image, 'ENV')))
  const { CUDA_CACHE_PATH, NVIDIA_VISIBLE_DEVICES, NVIDIA_DRIVER_CAPABILITIES, ...shared } = onGpu!
  expect([CUDA_CACHE_PATH, NVIDIA_VISIBLE_DEVICES, NVIDIA_DRIVER_CAPABILITIES]).not.toContain(undefined)
  expect(onCpu).toEqual({ ...shared, SVD_DEVICE: 'cpu' })
  // No program reports its activity to a vendor.
  expect(shared['ORT_DISABLE_TELEMETRY']).toBe('1')
})

test('the Dockerfile names files that exist and that are sent to the build', () => {
  const copied = stages
    .flatMap((each) => valuesOf(each, 'COPY'))
    .filter((value) => !value.startsWith('--from='))
    .flatMap((value) => value.split(' ').slice(0, -1))
  const mounted = [...text.matchAll(/,source=([\w/.-]+)/g)].map(([, file = '']) => file)
  const run = [...text.matchAll(/\/opt\/svd\/(worker\/[\w/-]+\.\w+)/g)].map(([, file = '']) => file)
  const helpers = [...text.matchAll(/ sh \/image\/([\w-]+\.sh)/g)].map(([, name]) => `worker/image/${name}`)
  expect(Math.min(copied.length, run.length)).toBeGreaterThan(1)
  expect(new Set(helpers)).toEqual(
    new Set(['worker/image/install-packages.sh', 'worker/image/prepare-system.sh']),
  )
  expect([...copied, ...run, ...helpers].filter((file) => !existsSync(inRepository(file)))).toEqual([])
  expect([...copied, ...mounted].filter((file) => !isSent(file))).toEqual([])
})
