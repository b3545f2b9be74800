import { spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import installer from '@ffmpeg-installer/ffmpeg'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import { pipDownload } from '../../../worker/cuda/install-provider.ts'
import { checkProvider } from '../../../worker/cuda/installed-provider.ts'
import { PROVIDER_RELEASE } from '../../../worker/cuda/provider-release.ts'
import { openHealthPort } from '../../../worker/telemetry/health-port.ts'
import { watchHealth } from '../../../worker/telemetry/worker-health.ts'
import { isSent } from './build-context.ts'
import { pairsOf, parseDockerfile, valuesOf } from './dockerfile.ts'
import { inRepository } from './in-repository.ts'

/*
 * Runs the steps of the image's build that work without Docker and without NVIDIA's packages. They are the context that
 * the build gets, its scripts and its checks. The result runs as in a container whose root is read-only.
 */

const UID = 10_001
/** Byte count of a constant in x86-64 code, and the largest distance between the two halves of a name. */
const [REGISTER_BYTES, NEARBY_BYTES] = [8, 64]
const unaborted = new AbortController().signal
/** Both downloads are some 350 MB. */
const INSTALL_MS = 900_000
const isRoot = process.getuid?.() === 0
const PYTHON = process.env['SVD_PYTHON'] ?? 'python3'

const runs = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0

/** Why it cannot be done here; null: it can. */
const obstacle = (): string | null => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the image is for Linux on x86-64'
  if (!runs(PYTHON, '-m', 'pip', '--version')) return `${PYTHON} has no pip`
  if (isRoot && !runs('setpriv', '--version')) return 'this is root, and there is no setpriv'
  return null
}
const reason = obstacle()
const title = `the image’s install steps${reason === null ? '' : ` (skipped: ${reason})`}`

describe.skipIf(reason !== null)(title, () => {
  let work = ''
  let ffmpegPath = ''
  const at = (...parts: readonly string[]): string => path.join(work, ...parts)
  const checkCuda = () =>
    execa(process.execPath, [at('svd/worker/image/check-cuda.ts'), at('svd')], { reject: false })
  const libraries = 'svd/node_modules/onnxruntime-node/bin/napi-v6/linux/x64'

  /** The application of each image: with the CUDA provider, and without. */
  const APPLICATIONS = { worker: 'svd', cpu: 'svd-cpu' } as const
  type Image = keyof typeof APPLICATIONS

  /** A program of the application, as its user, with the image's environment and its two folders for writing. */
  const run = async (
    image: Image,
    program: string,
    args: readonly string[],
    more: Record<string, string> = {},
  ) => {
    const { stages } = parseDockerfile(await readFile(inRepository('worker/Dockerfile'), 'utf8'))
    const stage = stages.find(({ name }) => name === image)!
    const env = Object.fromEntries(
      [...pairsOf(stage, 'ENV')].map(([name, value]) => [name, value.replace(/^\/var\//, `${at('var')}/`)]),
    )
    const command = [process.execPath, at(APPLICATIONS[image], program), ...args]
    const asUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--no-new-privs']
    const [file, ...rest] = isRoot ? [...asUser, ...command] : command
    return await execa(file!, rest, {
      cwd: at('var/lib/svd'),
      env: { ...env, FFMPEG_PATH: ffmpegPath, PATH: process.env['PATH'] ?? '', ...more },
      ...{ extendEnv: false, reject: false },
    })
  }

  /** Copies the files that the build's stage of that name takes from the context and from the stage with the packages. */
  const copyStage = async (name: string): Promise<void> => {
    const { stages } = parseDockerfile(await readFile(inRepository('worker/Dockerfile'), 'utf8'))
    const stage = stages.find((each) => each.name === name)!
    for (const value of valuesOf(stage, 'COPY')) {
      const [from = '', to = ''] = value.replace('--from=packages ', '').split(' ')
      const target = at(name, to.endsWith('/') && !from.endsWith('/') ? `${to}${path.basename(from)}` : to)
      if (value.startsWith('--from=')) {
        await mkdir(target, { recursive: true })
        await cp(at('svd/package.json'), path.join(target, 'package.json'))
        await symlink(at('svd/node_modules'), path.join(target, 'node_modules'))
      } else await cp(at('svd', from), target, { recursive: true })
    }
  }

  /** The wheel comes through pip, which is set up for this machine, and from it through an index on the loopback. */
  const fetchProvider = async (): Promise<void> => {
    await execa(PYTHON, ['-m', ...pipDownload(PROVIDER_RELEASE).split(' '), '--dest', at('wheels')])
    await copyStage('provider')
    const server = createServer((request, response) => {
      const name = PROVIDER_RELEASE.wheel.name
      if (request.url === `/${name}`) return void createReadStream(at('wheels', name)).pipe(response)
      response.setHeader('content-type', 'text/html').end(`<a href="/${name}">${name}</a>`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const program = at('provider/opt/svd/worker/image/fetch-cuda-provider.ts')
      const env = { PIP_INDEX_URL: `http://127.0.0.1:${port}/simple` }
      await execa(process.execPath, [program, at(libraries)], { env })
    } finally {
      server.close()
      server.closeAllConnections()
    }
  }

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'svd-image-'))
    await chmod(work, 0o755)
    for (const name of await readdir(inRepository())) {
      if (!isSent(name)) continue
      await cp(inRepository(name), at('svd', name), {
        recursive: true,
        filter: (from) => isSent(path.relative(inRepository(), from)),
      })
    }
    for (const dir of ['var/cache/svd', 'var/lib/svd']) {
      await mkdir(at(dir), { recursive: true })
      if (isRoot) await chown(at(dir), UID, UID)
    }
    // The image has Ubuntu's ffmpeg. Where PATH has none, that of npm stands for it.
    if (!runs('ffmpeg', '-version')) {
      ffmpegPath = at('ffmpeg')
      await cp(installer.path, ffmpegPath)
    }
    await execa('sh', [at('svd/worker/image/install-packages.sh'), at('svd')])
    await execa('cp', ['--recursive', '--link', at('svd'), at('svd-cpu')])
    await fetchProvider()
    await execa('chmod', ['-R', 'a+rX,a-w', at('svd'), at('svd-cpu')])
  }, INSTALL_MS)

  afterAll(async () => {
    await execa('chmod', ['-R', 'u+w', work])
    await rm(work, { recursive: true, force: true })
  }, INSTALL_MS)

  test('install the CUDA provider beside the runtime of its version, and its licence', async () => {
    const state = await checkProvider(
      at('svd/node_modules/onnxruntime-node'),
      PROVIDER_RELEASE,
      'hashes',
      unaborted,
    )
    expect(state).toEqual({ status: 'installed' })
    expect(await readdir(at(libraries))).toEqual([
      ...['libonnxruntime.so.1', 'libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'],
      ...['onnxruntime-gpu.LICENSE', 'onnxruntime-gpu.ThirdPartyNotices.txt', 'onnxruntime_binding.node'],
    ])
  })

  test('install no runtime of another system, no other ffmpeg, and no development packages', async () => {
    const [modules, runtimes] = [at('svd/node_modules'), at('svd/node_modules/onnxruntime-node/bin/napi-v6')]
    expect([await readdir(runtimes), await readdir(path.join(runtimes, 'linux'))]).toEqual([
      ['linux'],
      ['x64'],
    ])
    const packages = await readdir(modules)
    for (const name of ['@ffmpeg-installer', 'aws-cdk-lib', 'esbuild', 'node', 'typescript', 'vitest']) {
      expect(packages).not.toContain(name)
    }
  })

  test('install a provider that needs the NVIDIA libraries of the check and finds all others', async () => {
    const provider = at(libraries, 'libonnxruntime_providers_cuda.so')
    const env = { LD_TRACE_LOADED_OBJECTS: '1' }
    const { stdout } = await execa('/lib64/ld-linux-x86-64.so.2', [provider], { env, reject: false })
    const wanted = [...stdout.matchAll(/^\s*(lib(?:cu|nv)\S+) =>/gm)].map(([, name = '']) => name)
    expect(wanted.sort()).toEqual([
      ...['libcublas.so.13', 'libcublasLt.so.13', 'libcuda.so.1', 'libcudart.so.13', 'libcurand.so.10'],
    ])
    expect(CUDA_LIBRARIES.flatMap(({ name, opened }) => (opened === 'provider' ? name : [])).sort()).toEqual(
      wanted,
    )
    const { exitCode, stdout: verdict, stderr } = await checkCuda()
    if (exitCode === 0)
      return expect(verdict).toBe('CUDA provider 1.30.0 finds all its libraries but the driver')
    const known = CUDA_LIBRARIES.map(({ name }) => `${name}: the dynamic loader does not find it`)
    expect(stderr.split('\n').filter((fault) => !known.includes(fault))).toEqual([])
  })

  test('install a provider that opens the other libraries of the check later, by their names', async () => {
    const provider = await readFile(at(libraries, 'libonnxruntime_providers_cuda.so'))
    /** Returns true if the provider contains the name, whole or, if it is short, in two registers that overlap. */
    const names = (name: string): boolean => {
      if (provider.includes(`${name}\0`)) return true
      const [start, end] = [name.slice(0, REGISTER_BYTES), name.slice(-REGISTER_BYTES)]
      const at = provider.indexOf(start)
      return at >= 0 && provider.subarray(at, at + NEARBY_BYTES).includes(end)
    }
    const later = CUDA_LIBRARIES.filter(({ opened }) => opened === 'later').map(({ name }) => name)

    expect(later).toEqual(['libcudnn.so.9', 'libcufft.so.12', 'libnvrtc.so.13'])
    expect(later.filter((name) => !names(name))).toEqual([])
    expect(names('libcufft.so.11')).toBe(false)
  })

  test('install no CUDA library in the image for the CPU, which has at most 300 MB', async () => {
    const app = at('svd-cpu')
    expect(await readdir(path.join(app, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64'))).toEqual([
      ...['libonnxruntime.so.1', 'onnxruntime_binding.node'],
    ])
    const { stdout } = await execa('du', ['--summarize', '--bytes', app])
    expect(Number.parseInt(stdout, 10)).toBeLessThan(300e6)
  })

  describe.each(['worker', 'cpu'] as const)('install image %s with', (image) => {
    test('a command that prints its version', async () => {
      const { version } = JSON.parse(await readFile(inRepository('package.json'), 'utf8'))
      const { stdout, stderr, exitCode } = await run(image, 'worker/cli/svd.ts', ['--version'])
      expect({ stdout, stderr, exitCode }).toEqual({ stdout: version, stderr: '', exitCode: 0 })
    })

    test('a worker that passes its checks on a machine with a read-only root', async () => {
      const device = image === 'cpu' ? [] : ['--device', 'cpu']
      const { stdout, exitCode } = await run(image, 'worker/cli/svd.ts', ['doctor', ...device, '--json'])
      const { checks } = JSON.parse(stdout)
      expect(checks.filter(({ status }: { status: string }) => status === 'fail')).toEqual([])
      expect(exitCode).toBe(0)
      const { found } = checks.find(({ name }: { name: string }) => name === 'onnxruntime')
      expect(found).toMatch(/^1\.30\.0, providers: .*cpu/)
    })

    test('a worker that renders there and writes only to its folder', async () => {
      const small = ['--num-frames', '2', '--num-inference-steps', '1']
      const app = at(APPLICATIONS[image])
      const { exitCode, stderr } = await run(image, 'worker/cli/svd.ts', [
        ...['render', `${app}/worker/demo-samples/rocket.png`, '--checkpoint', `${app}/worker/demo`],
        ...[...small, '--output', `${image}.mp4`, '--quiet', '--device', 'cpu'],
      ])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const written = await readdir(at('var/lib/svd'))
      for (const name of written) await rm(at('var/lib/svd', name))
      expect(written).toEqual([`${image}.json`, `${image}.mp4`, `${image}.poster.png`])
    })
  })

  test('install a health check that asks the worker on its port', async () => {
    const health = watchHealth({ now: () => 0, staleAfterSeconds: 120, stuckAfterSeconds: 3_600 })
    health.onEvent({ type: 'worker-started', workerId: 'w-1' })
    await using port = await openHealthPort({ port: 0, read: health.read })
    const ask = (number: number) =>
      run('worker', 'worker/image/check-health.ts', [], { SVD_HEALTH_PORT: String(number) })
    expect((await ask(port.port)).exitCode).toBe(0)
    const file = at('var/lib/svd/health-port')
    await writeFile(file, `${port.port}\n`)
    expect((await ask(0)).exitCode).toBe(0)
    await rm(file)
    health.onEvent({ type: 'worker-stopped', reason: 'SIGTERM', jobs: 0 })
    expect((await ask(port.port)).exitCode).toBe(1)
  })
})
