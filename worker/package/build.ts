import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'

/*
 * Makes dist/, which the package has instead of the sources: the programs as JavaScript with their declarations, the
 * files that they read, and ONNX Runtime. `npm pack` runs this first.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const DIST = path.join(ROOT, 'dist')
const require = createRequire(import.meta.url)

/** The programs read these folders beside themselves. */
const READ_FOLDERS = [
  ...['worker/demo', 'worker/demo-samples', 'worker/client/contact-sheet/page'],
  'worker/checkpoint/known-configs',
]

/**
 * The platforms whose onnxruntime-node the package contains. On Linux on x86-64 its install script downloads from
 * another host than the npm registry, and fails the installation of every package that depends on it if that host is
 * out of reach. On other platforms the script downloads nothing, so npm can install it there.
 */
const RUNTIME_PLATFORMS = ['linux/x64']

const compile = async (): Promise<void> => {
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const project = fileURLToPath(new URL('./tsconfig.json', import.meta.url))
  await execa(process.execPath, [tsc, '--project', project], {
    ...{ env: childEnvironment(process.env), extendEnv: false },
    stdio: 'inherit',
  })
}

/** Copies the files that its main module needs, without its install script. npm installs onnxruntime-common. */
const copyRuntime = async (): Promise<void> => {
  const from = path.dirname(require.resolve('onnxruntime-node/package.json'))
  const to = path.join(DIST, 'onnxruntime-node')
  const { name, version, license, repository, main, types } = JSON.parse(
    await readFile(path.join(from, 'package.json'), 'utf8'),
  )
  await mkdir(to)
  await writeFile(
    path.join(to, 'package.json'),
    `${JSON.stringify({ name, version, license, repository, main, types }, null, 2)}\n`,
  )
  await cp(path.join(from, 'dist'), path.join(to, 'dist'), {
    recursive: true,
    filter: (file) => !file.endsWith('.map'),
  })
  for (const platform of RUNTIME_PLATFORMS) {
    const folder = path.join('bin/napi-v6', platform)
    await cp(path.join(from, folder), path.join(to, folder), {
      recursive: true,
      // CUDA's provider, which `svd cuda install` may have put there, is not a part of the package.
      filter: (file) =>
        !path.basename(file).includes('_providers_') && !path.basename(file).startsWith('onnxruntime-gpu.'),
    })
  }
  await cp(fileURLToPath(new URL('./onnxruntime', import.meta.url)), to, { recursive: true })
}

await rm(DIST, { recursive: true, force: true })
await compile()
for (const folder of READ_FOLDERS)
  await cp(path.join(ROOT, folder), path.join(DIST, folder), { recursive: true })
await copyRuntime()
