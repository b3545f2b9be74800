import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inRepository } from '../image/in-repository.ts'
import { RENDERS, SUBMITS } from './user-programs.ts'

/*
 * The package, built, packed and installed as a user does it: in an empty folder, with an empty npm cache. npm reads the
 * registry that it is set up for. The commands then run from another folder, with no variable but PATH and HOME.
 */

const MAX_BYTES = 60e6
const EXAMPLES = ['render-one-image.ts', 'read-results.ts', 'custom-s3-endpoint.ts']
const NPM_MS = 600_000
const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64'

let work = ''
const at = (...parts: readonly string[]): string => path.join(work, ...parts)

/** Returns the environment without the variables that npm passes to its scripts, which a user does not have. */
const userEnvironment = (): NodeJS.ProcessEnv => {
  const ofScripts = /^npm_(package|lifecycle|config_(onnxruntime|local_prefix|allow|yes|noproxy))/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofScripts.test(name)))
}

const npm = (folder: string, ...args: readonly string[]) =>
  execa('npm', [...args, '--cache', at('cache'), '--no-audit', '--no-fund', '--no-update-notifier'], {
    ...{ cwd: folder, env: userEnvironment(), extendEnv: false },
  })

const nodeOf = (major: number): string => at(`node-${major}/node_modules/node/bin/node`)

const launcherIn = (modules: string): string => path.join(modules, 'svd-batch/worker/cli/launch.js')

/** Runs a command of the package from another folder, with the Node of that version. */
const svdOn = (major: number) => (modules: string, args: readonly string[]) =>
  execa(nodeOf(major), [launcherIn(modules), ...args], {
    cwd: at('elsewhere'),
    env: { PATH: process.env['PATH'] ?? '', HOME: at('home') },
    ...{ extendEnv: false, reject: false },
  })

let tarball = ''

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'svd-package-'))
  for (const folder of ['packed', 'project', 'elsewhere', 'home', 'node-22', 'node-24', 'node-20']) {
    await mkdir(at(folder))
  }
  await npm(inRepository(), 'pack', '--pack-destination', at('packed'))
  tarball = at('packed', ...(await readdir(at('packed'))))
  await npm(at('project'), 'install', tarball)
  for (const major of [20, 22, 24]) await npm(at(`node-${major}`), 'install', `node@${major}`)
}, NPM_MS)

afterAll(() => rm(work, { recursive: true, force: true }), NPM_MS)

test('the npm package is smaller than 60 MB', async () => {
  expect((await stat(tarball)).size).toBeLessThan(MAX_BYTES)
})

test('the npm package has compiled programs, their data and declarations, but no tests and no sources', async () => {
  const entries = await readdir(at('project/node_modules/svd-batch'), { recursive: true })
  expect(entries).toEqual(
    expect.arrayContaining([
      ...['LICENSE', 'README.md', 'dist/worker/cli/svd.js', 'dist/worker/cli/svd.d.ts'],
      ...['dist/worker/demo/model_index.json', 'dist/worker/demo-samples/rocket.png'],
      ...['dist/worker/client/contact-sheet/page/page.css', 'dist/onnxruntime-node/LICENSE'],
    ]),
  )
  const unwanted =
    /^(dist\/)?(test|infra)\/|^dist\/worker\/(image|package)\/|\.(test|slow)\.|(?<!\.d)\.ts$|_providers_/
  expect(entries.filter((entry) => unwanted.test(entry))).toEqual([])
})

test('the npm package installs no package that deploys, lints or tests, or whose script downloads', async () => {
  const modules = at('project/node_modules')
  const unwanted = [
    ...['aws-cdk', 'aws-cdk-lib', 'cdk-nag', 'constructs', '@biomejs', 'vitest', 'typescript', 'esbuild'],
    ...['node', 'onnxruntime-node'],
  ]
  const installed = await readdir(modules)
  expect(installed.filter((name) => unwanted.includes(name))).toEqual([])
})

test('the npm package and its dependencies take less than 500 MB when installed', async () => {
  const { stdout } = await execa('du', ['-sm', at('project/node_modules')])
  expect(Number.parseInt(stdout, 10)).toBeLessThan(500)
})

test('svd render starts without the package fauxqs, and svd demo reports that it is missing', async () => {
  const modules = at('without-fauxqs/node_modules')
  await cp(at('project/node_modules'), modules, { recursive: true })
  await rm(path.join(modules, 'fauxqs'), { recursive: true })
  const { exitCode, stderr } = await svdOn(22)(modules, ['render', '--help'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(await svdOn(22)(modules, ['demo'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('fauxqs'),
  })
})

test('svd on Node 20 prints only that it needs Node.js 22.13 or newer', async () => {
  const { exitCode, stdout, stderr } = await svdOn(20)(at('project/node_modules'), ['--help'])
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: svd needs Node\.js 22\.13 or newer, and this is 20\.\d+\.\d+; see https:\/\/nodejs\.org$/,
    ),
  })
})

test('svd doctor prints how to install ONNX Runtime where the package has none for the platform', async () => {
  const modules = at('without-runtime/node_modules')
  await cp(at('project/node_modules'), modules, { recursive: true })
  await rm(path.join(modules, 'svd-batch/dist/onnxruntime-node/bin'), { recursive: true })
  const svd = svdOn(22)
  expect(await svd(modules, ['--help'])).toMatchObject({ exitCode: 0, stderr: '' })
  const { checks } = JSON.parse((await svd(modules, ['doctor', '--json'])).stdout)
  const { status, found } = checks.find(({ name }: { name: string }) => name === 'onnxruntime')
  expect({ status, found }).toEqual({
    status: 'fail',
    found:
      'onnxruntime-node: is not in the package svd-batch for ' +
      `${process.platform}-${process.arch}; install it beside svd-batch with: ` +
      'npm install onnxruntime-node@1.30.0 (-g if svd-batch is global)',
  })
})

describe.each([22, 24])('the npm package on Node %s', (major) => {
  const svd = svdOn(major)

  test('imports only names that this Node exports', async () => {
    const program = fileURLToPath(new URL('./missing-names.js', import.meta.url))
    const dist = at('project/node_modules/svd-batch/dist')
    const { stdout } = await execa(nodeOf(major), [program, dist])
    expect(stdout).toBe('')
  })

  test('prints its help and its version', async () => {
    const { version } = JSON.parse(await readFile(inRepository('package.json'), 'utf8'))
    const modules = at('project/node_modules')
    expect(await svd(modules, ['--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Usage: svd/),
      stderr: '',
    })
    expect((await svd(modules, ['--version'])).stdout).toBe(version)
  })

  test.runIf(isLinuxX64)('renders a clip with the demo checkpoint', async () => {
    const modules = at('project/node_modules')
    const shipped = path.join(modules, 'svd-batch/dist/worker')
    const small = ['--num-frames', '2', '--num-inference-steps', '1']
    const { exitCode, stderr } = await svd(modules, [
      ...[
        'render',
        path.join(shipped, 'demo-samples/rocket.png'),
        '--checkpoint',
        path.join(shipped, 'demo'),
      ],
      ...[...small, '--output', `clip-${major}.mp4`, '--quiet', '--device', 'cpu'],
    ])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect((await stat(at('elsewhere', `clip-${major}.mp4`))).size).toBeGreaterThan(500)
  })
})

/** Runs a program of a user, in the folder that has the package. */
const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execa(nodeOf(24), [at('project', program), ...args], {
    cwd: at('elsewhere'),
    env: { PATH: process.env['PATH'], HOME: at('home'), ...env },
    extendEnv: false,
  })
const shipped = (name: string): string => at('project/node_modules/svd-batch/dist/worker', name)

describe('the API of the installed package', () => {
  beforeAll(async () => {
    await writeFile(at('project/renders.ts'), RENDERS)
    await writeFile(at('project/submits.ts'), SUBMITS)
    await writeFile(at('project/package.json'), '{ "type": "module" }')
    for (const name of EXAMPLES) await cp(inRepository(`examples/${name}`), at('project', name))
  })

  test('passes tsc --strict in the programs of a user', async () => {
    const tsc = inRepository('node_modules/typescript/bin/tsc')
    const settings = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'esnext']
    const types = ['--types', 'node', '--typeRoots', inRepository('node_modules/@types')]
    const files = ['renders.ts', 'submits.ts', ...EXAMPLES].map((name) => at('project', name))
    const { exitCode, stdout } = await execa(process.execPath, [tsc, ...settings, ...types, ...files], {
      ...{ cwd: at('project'), reject: false },
    })
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
  })

  test.runIf(isLinuxX64)('renders a clip, reports each phase, and compiles graphs', async () => {
    const image = shipped('demo-samples/rocket.png')
    const { stdout } = await run('renders.ts', [shipped('demo'), image, at('elsewhere')])
    const { graphs, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({
      phases: [
        ...['load', 'encode-image', 'denoise 0/2', 'denoise 1/2', 'denoise 2/2', 'decode', 'encode-video'],
      ],
      videos: [
        {
          video: at('elsewhere/api.mp4'),
          files: [{ format: 'mp4', path: at('elsewhere/api.mp4') }],
          poster: at('elsewhere/api.poster.png'),
          record: at('elsewhere/api.json'),
        },
      ],
      seed: '7',
      fault: expect.stringMatching(/^width: got 63; must be a multiple of 8/),
    })
    expect(graphs).toContain(at('elsewhere/onnx/denoise_step.onnx'))
    for (const file of ['api.mp4', 'api.poster.png', 'onnx/denoise_step.onnx']) {
      expect((await stat(at('elsewhere', file))).size).toBeGreaterThan(500)
    }
  })

  test.runIf(isLinuxX64)('renders one image in the example render-one-image.ts', async () => {
    const args = [shipped('demo'), shipped('demo-samples/coffee.png'), at('elsewhere/example.mp4')]
    const { stdout, stderr } = await run('render-one-image.ts', args)
    expect(stdout).toMatch(/example\.mp4: 14 frames in \d+\.\d s$/)
    expect(stderr).toContain('denoise 10/10')
    expect((await stat(at('elsewhere/example.mp4'))).size).toBeGreaterThan(500)
  })
})

describe.runIf(isLinuxX64)('a program against svd local', () => {
  const environment: Record<string, string> = {}

  beforeAll(async () => {
    const local = execa(nodeOf(24), [launcherIn(at('project/node_modules')), 'local', '--port', '0'], {
      cwd: at('elsewhere'),
      env: { PATH: process.env['PATH'], HOME: at('home') },
      ...{ extendEnv: false, reject: false, buffer: false },
    })
    for await (const line of createInterface(local.stdout)) {
      const [, name, value] = /^ {2}export (\w+)=(.*)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) environment[name] = value
      if (line === 'Ctrl-C ends it.') break
    }
    return async () => {
      local.kill('SIGKILL')
      await local
    }
  })

  test('submits an image through the API, waits for its job, and downloads the clip', async () => {
    const args = [shipped('demo-samples/rocket.png'), at('elsewhere')]
    const { files, ...rest } = JSON.parse((await run('submits.ts', args, environment)).stdout)
    expect(rest).toEqual({ states: ['accepted'], jobs: ['succeeded'], now: ['succeeded'], seen: true })
    expect(files).toEqual([expect.stringMatching(/rocket-[0-9a-f]{8}\.mp4$/)])
    expect((await stat(files[0])).size).toBeGreaterThan(500)
  })

  test('prints the results of a manifest with a grid in the example read-results.ts', async () => {
    const manifest = inRepository('examples/manifest-with-grid.json')
    const args = [manifest, shipped('demo-samples'), at('elsewhere/grid')]
    const { stdout } = await run('read-results.ts', args, environment)
    expect(stdout.split('\n').toSorted()).toEqual([
      expect.stringMatching(/chelsea\.png, motion_bucket_id 255, seed 7: .*\.mp4$/),
      expect.stringMatching(/chelsea\.png, motion_bucket_id 60, seed 7: .*\.mp4$/),
      expect.stringMatching(/coffee\.png, motion_bucket_id 255, seed 0: .*\.mp4$/),
      expect.stringMatching(/coffee\.png, motion_bucket_id 60, seed 0: .*\.mp4$/),
    ])
  })

  test('needs only an S3 client in the example custom-s3-endpoint.ts', async () => {
    const { stdout } = await run('custom-s3-endpoint.ts', [shipped('demo-samples/rocket.png')], environment)
    expect(stdout).toMatch(
      /^images\/examples\/rocket\.png: accepted\n[0-9a-f]{32}: succeeded, jobs\/.*\/video\.mp4$/,
    )
  })
})

test.runIf(isLinuxX64)('`npx --package FILE svd demo` writes five clips and a contact sheet', async () => {
  await mkdir(at('empty'))
  const args = ['--yes', '--cache', at('cache'), '--package', tarball, 'svd', 'demo']
  const PATH = [at('node-24/node_modules/node/bin'), process.env['PATH']].join(path.delimiter)
  const { stdout } = await execa('npx', args, {
    ...{ cwd: at('empty'), env: { ...userEnvironment(), PATH }, extendEnv: false },
  })
  expect(stdout).toContain(`They play in ${at('empty/out/index.html')}\n`)
  expect(stdout).toContain('The page was not opened, because stdout is not a terminal.')
  const files = await readdir(at('empty/out'), { recursive: true })
  expect(files).toContain('index.html')
  expect(files.filter((file) => file.endsWith('.mp4'))).toHaveLength(5)
})
