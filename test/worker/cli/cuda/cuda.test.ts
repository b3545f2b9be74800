import { readdir } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { runCudaCheck } from '../../../../worker/cli/cuda/check.ts'
import { type CudaInstallOptions, runCudaInstall } from '../../../../worker/cli/cuda/install.ts'
import { CUDA_LIBRARIES } from '../../../../worker/cuda/cuda-libraries.ts'
import type { CudaTarget } from '../../../../worker/cuda/cuda-target.ts'
import { librariesOf } from '../../../../worker/cuda/runtime-package.ts'
import { aLibraryFolder, isLinuxX64, plainLibraryBytes } from '../../cuda/a-library.ts'
import { aRelease, aRuntime, aWheelFile, CUDA, type FakeRelease } from '../../cuda/a-release.ts'
import { openIndex } from '../../cuda/an-index.ts'
import { runCommandLine } from '../a-command-line.ts'

const NAMES = CUDA_LIBRARIES.map(({ name }) => name)

interface Bench extends FakeRelease {
  readonly target: CudaTarget
}

/** A machine whose loader finds these libraries of NVIDIA's. */
const aMachine = async (libraries: readonly string[], platform = 'linux-x64'): Promise<Bench> => {
  const fake = aRelease(isLinuxX64 ? { [CUDA]: await plainLibraryBytes() } : {})
  const environment = { LD_LIBRARY_PATH: await aLibraryFolder(libraries) }
  const packageDir = await aRuntime()
  const { release } = fake
  return { ...fake, target: { platform, packageDir, release, program: process.execPath, environment } }
}

const outputs = (environment: Record<string, string> = {}) => {
  const text = { stdout: '', stderr: '' }
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 100 })
  stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString()
  })
  const stdout = {
    write(chunk: string) {
      text.stdout += chunk
    },
  }
  return { text, context: { environment, stdout, stderr, signal: new AbortController().signal } }
}

const install = async (
  { target }: Bench,
  options: CudaInstallOptions,
  environment?: Record<string, string>,
) => {
  const { text, context } = outputs(environment)
  await runCudaInstall(options, context, target)
  return text
}

const check = async ({ target }: Bench, options: { json?: true } = {}) => {
  const { text, context } = outputs()
  return { exitCode: await runCudaCheck(options, context, target), ...text }
}

describe.skipIf(!isLinuxX64)('svd cuda install', () => {
  test('installs from the index in PIP_INDEX_URL, and reports the provider and each library as ok', async () => {
    const bench = await aMachine(NAMES)
    const { url } = await openIndex(bench.wheel)
    const { stdout } = await install(bench, {}, { PIP_INDEX_URL: `${url}/simple` })
    const folder = librariesOf(bench.target.packageDir)
    const [first, provider, ...rest] = stdout.split('\n')
    expect(first).toBe(`The CUDA provider 1.2.3 is installed in ${folder}`)
    expect(provider).toBe('ok    CUDA provider         1.2.3')
    expect(rest.slice(0, NAMES.length).map((line) => line.split(/\s+/).slice(0, 2))).toEqual(
      NAMES.map((name) => ['ok', name]),
    )
    expect(rest.slice(NAMES.length)).toEqual([
      'The CUDA provider and all its libraries are there; a GPU itself was not used.',
      '',
    ])
    expect(await readdir(folder)).toContain('libonnxruntime_providers_cuda.so')
  })

  test('prefers --index-url to PIP_INDEX_URL, and shows its progress on a terminal', async () => {
    const bench = await aMachine(NAMES)
    const { url, requests } = await openIndex(bench.wheel)
    const variable = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple' }
    const { stderr } = await install(bench, { indexUrl: `${url}/simple` }, variable)
    expect(requests).toHaveLength(2)
    expect(stderr).toContain('fetching [')
  })

  test('installs from a wheel file, and writes nothing to stderr', async () => {
    const bench = await aMachine(NAMES)
    const { stdout, stderr } = await install(bench, { wheel: await aWheelFile(bench.wheel) })
    expect(stdout).toContain(' is installed in ')
    expect(stderr).toBe('')
  })

  test('reports that the provider was already installed', async () => {
    const bench = await aMachine(NAMES)
    const wheel = await aWheelFile(bench.wheel)
    await install(bench, { wheel })
    expect((await install(bench, { wheel })).stdout).toMatch(
      /^The CUDA provider 1\.2\.3 was there already in /,
    )
  })

  test('installs the provider, and reports missing NVIDIA libraries with the commands that install them', async () => {
    const bench = await aMachine(NAMES.filter((name) => name !== 'libcudnn.so.9' && name !== 'libcuda.so.1'))
    const { stdout } = await install(bench, { wheel: await aWheelFile(bench.wheel) })
    const lines = stdout.split('\n')
    expect(lines.filter((line) => line.startsWith('fail'))).toEqual([
      'fail  libcuda.so.1          the dynamic loader does not find it',
      'fail  libcudnn.so.9         the dynamic loader does not find it',
    ])
    const verdict = lines.findIndex((line) => line.startsWith('Nothing can be rendered'))
    expect(lines.slice(verdict)).toEqual([
      "Nothing can be rendered with CUDA yet: the provider is installed, and 2 of NVIDIA's libraries cannot be used.",
      expect.stringMatching(/^fix: install NVIDIA's driver 580 or newer on the machine; a container gets /),
      "fix: install the libraries from NVIDIA's apt repository: apt-get install libcudnn9-cuda-13",
      'fix: or from PyPI: pip install --target "$DIR" \'nvidia-cudnn-cu13~=9.0\', and set ' +
        'LD_LIBRARY_PATH=$DIR/nvidia/cu13/lib:$DIR/nvidia/cudnn/lib for svd',
      '',
    ])
  })

  test('prints one JSON object with these keys with --json', async () => {
    const bench = await aMachine(NAMES.slice(1))
    const wheel = await aWheelFile(bench.wheel)
    const { stdout } = await install(bench, { wheel, json: true })
    const { libraries, fixes, ...rest } = JSON.parse(stdout)
    const folder = librariesOf(bench.target.packageDir)
    expect(rest).toEqual({
      was_there: false,
      ready: false,
      provider: { version: '1.2.3', folder, status: 'installed', fault: null },
      faults: [],
    })
    expect(libraries[0]).toEqual({
      name: 'libcuda.so.1',
      opened: 'provider',
      file: null,
      fault: 'the dynamic loader does not find it',
    })
    expect(libraries.map(({ name }: { name: string }) => name)).toEqual(NAMES)
    expect(fixes).toEqual([expect.stringMatching(/^install NVIDIA's driver/)])
  })

  test('refuses another version of onnxruntime-node before it downloads anything', async () => {
    const bench = await aMachine(NAMES)
    const { url, requests } = await openIndex(bench.wheel)
    const target = { ...bench.target, packageDir: await aRuntime('1.2.4') }
    const failed = install({ ...bench, target }, { indexUrl: `${url}/simple` })
    await expect(failed).rejects.toThrow(InvalidInputError)
    await expect(failed).rejects.toThrow(
      'onnxruntime-node: onnxruntime-node is 1.2.4; the CUDA provider fits 1.2.3 alone; run npm ci',
    )
    expect(requests).toEqual([])
  })
})

describe.skipIf(!isLinuxX64)('svd cuda check', () => {
  test('ends with exit code 0 when the provider and its libraries are installed', async () => {
    const bench = await aMachine(NAMES)
    await install(bench, { wheel: await aWheelFile(bench.wheel) })
    expect((await check(bench)).exitCode).toBe(0)
  })

  test('ends with exit code 1 and the report of svd cuda install when a library is missing', async () => {
    const bench = await aMachine(NAMES.slice(1))
    const { stdout } = await install(bench, { wheel: await aWheelFile(bench.wheel) })
    expect(await check(bench)).toEqual({
      exitCode: 1,
      stdout: stdout.slice(stdout.indexOf('\n') + 1),
      stderr: '',
    })
  })

  test('ends with exit code 1 when no provider is installed, and names the command that installs it', async () => {
    const bench = await aMachine(NAMES)
    const { exitCode, stdout } = await check(bench)
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^fail {2}CUDA provider {9}libonnxruntime_providers_shared\.so is not in /)
    expect(stdout).toContain(
      'the provider is not usable, and its libraries are there.\nfix: run: svd cuda install\n',
    )
    expect(await readdir(librariesOf(bench.target.packageDir))).toEqual(['libonnxruntime.so.1'])
  })

  test('prints the JSON object of svd cuda install without was_there', async () => {
    const { stdout } = await check(await aMachine(NAMES), { json: true })
    expect(Object.keys(JSON.parse(stdout))).toEqual(['ready', 'provider', 'libraries', 'faults', 'fixes'])
  })
})

test.each(['darwin-arm64', 'linux-arm64', 'win32-x64'])(
  'svd cuda install and svd cuda check refuse the platform %s',
  async (platform) => {
    const target = { ...(await aMachine([])).target, platform }
    const { context } = outputs()
    const rule = `platform: got ${platform}; must be linux-x64 for the CUDA provider; render on the CPU here`
    for (const run of [runCudaCheck, runCudaInstall]) {
      await expect(run({}, context, target)).rejects.toThrow(InvalidInputError)
      await expect(run({}, context, target)).rejects.toThrow(rule)
    }
  },
)

describe('the command line', () => {
  test.each([['install'], ['check']])('prints the help of svd cuda %s on stdout', async (name) => {
    const { exitCode, stdout } = await runCommandLine(['cuda', name, '--help'])
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(new RegExp(`^Usage: svd cuda ${name} `))])
  })

  test('refuses --wheel together with --index-url', async () => {
    const args = ['cuda', 'install', '--wheel', 'x.whl', '--index-url', 'http://127.0.0.1:9/simple']
    const { exitCode, stderr } = await runCommandLine(args)
    expect(exitCode).toBe(2)
    expect(stderr).toContain("option '--wheel <file>' cannot be used with option '--index-url <url>'")
  })

  test.skipIf(!isLinuxX64)('refuses an --index-url that is not a URL', async () => {
    const { exitCode, stderr } = await runCommandLine(['cuda', 'install', '--index-url', 'pypi'])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^error: --index-url: got 'pypi'; must be a URL that begins with http/)
  })
})
