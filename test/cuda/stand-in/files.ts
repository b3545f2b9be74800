import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, link, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { hashFile } from '../../../shared/files/hash-file.ts'
import { installProvider } from '../../../worker/cuda/install-provider.ts'
import { PROVIDER_RELEASE } from '../../../worker/cuda/provider-release.ts'

/*
 * What the stand-in consists of, each part made once and kept in node_modules/.cache:
 *
 *     libraries-HASH    built from the sources beside this file, by gcc
 *     runtime-HASH      onnxruntime-node, its files linked, with the CUDA provider beside its library
 *     cudnn-HASH        NVIDIA's cuDNN, 1 GB, only for those who ask for it
 *
 * HASH is that of the sources or of the pinned versions, so that a change makes a new folder.
 */

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const REPOSITORY = path.resolve(SOURCES, '../../..')
const CACHE = path.join(REPOSITORY, 'node_modules/.cache/svd-batch/stand-in-cuda')
const CUDNN_PIN = path.join(SOURCES, 'nvidia-cudnn.txt')
const PYTHON = process.env['SVD_PYTHON'] ?? 'python3'
const FETCH_MS = 900_000

/** Why the stand-in cannot be made on this machine; null: nothing is known to be missing. */
export const findObstacle = (): string | null => {
  const runs = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'the CUDA provider is for Linux on x86-64'
  if (!runs('gcc', '--version')) return 'there is no gcc'
  if (!runs(PYTHON, '-m', 'pip', '--version')) return `${PYTHON} has no pip`
  return null
}

const hashOf = async (files: readonly string[]): Promise<string> => {
  const hash = createHash('sha256')
  for (const file of files) hash.update(path.basename(file)).update(await readFile(file))
  return hash.digest('hex').slice(0, 16)
}

/** The folder `name` of the cache. `make` fills it under another name first, so that no half of it is ever found. */
const madeOnce = async (name: string, make: (dir: string) => Promise<unknown>): Promise<string> => {
  const dir = path.join(CACHE, name)
  if (existsSync(dir)) return dir
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(path.join(CACHE, 'making-'))
  try {
    await make(work)
    // Fails if another process was faster.
    await rename(work, dir).catch((error) => {
      if (!existsSync(dir)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return dir
}

export const makeLibraries = async (): Promise<string> => {
  const names = (await readdir(SOURCES)).filter((name) => /\.(c|h|sh)$/.test(name)).sort()
  const hash = await hashOf(names.map((name) => path.join(SOURCES, name)))
  return await madeOnce(`libraries-${hash}`, (dir) => execa('sh', [path.join(SOURCES, 'build.sh'), dir]))
}

/** A link costs no space, but reaches no other file system. */
const linkOrCopy = (from: string, to: string): Promise<void> =>
  link(from, to).catch(() => cp(from, to, { recursive: true }))

/** Gives `use` a wheel that pip downloads, from the index that pip is set up for, and deletes it. */
const withWheel = async (
  requirement: string,
  platform: string,
  use: (file: string) => Promise<unknown>,
): Promise<void> => {
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(path.join(CACHE, 'wheel-'))
  try {
    const kind = ['--no-deps', '--only-binary=:all:', '--platform', platform, '--python-version', '3.12']
    const quiet = ['--quiet', '--disable-pip-version-check', '--dest', work]
    await execa(PYTHON, ['-m', 'pip', 'download', ...quiet, ...kind, requirement], { timeout: FETCH_MS })
    const [name = ''] = await readdir(work)
    await use(path.join(work, name))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * A copy of onnxruntime-node that has the CUDA provider. The installed package stays as it is, so that no other test
 * meets a provider.
 */
export const makeRuntime = async (): Promise<string> => {
  const installed = await realpath(path.join(REPOSITORY, 'node_modules/onnxruntime-node'))
  const hash = createHash('sha256')
    .update(JSON.stringify(PROVIDER_RELEASE))
    .update(await readFile(path.join(installed, 'package.json')))
    .digest('hex')
    .slice(0, 16)
  return await madeOnce(`runtime-${hash}`, async (dir) => {
    const binaries = 'bin/napi-v6/linux/x64'
    await mkdir(path.join(dir, binaries), { recursive: true })
    for (const name of await readdir(path.join(installed, binaries))) {
      await linkOrCopy(path.join(installed, binaries, name), path.join(dir, binaries, name))
    }
    for (const name of ['package.json', 'dist']) {
      await cp(path.join(installed, name), path.join(dir, name), { recursive: true })
    }
    await mkdir(path.join(dir, 'node_modules'))
    const common = await realpath(path.join(installed, '../onnxruntime-common'))
    await symlink(common, path.join(dir, 'node_modules/onnxruntime-common'))
    await withWheel(
      `${PROVIDER_RELEASE.project}==${PROVIDER_RELEASE.version}`,
      'manylinux_2_28_x86_64',
      (file) =>
        installProvider(
          path.join(dir, binaries),
          PROVIDER_RELEASE,
          { file },
          {},
          new AbortController().signal,
        ),
    )
  })
}

/** Path of NVIDIA's libcudnn.so.9. The wheel is checked against its SHA-256 and unpacked; nothing of it is run. */
export const makeCudnn = async (): Promise<string> => {
  const pin = await readFile(CUDNN_PIN, 'utf8')
  const [, requirement = '', sha256 = ''] =
    /^(nvidia-cudnn\S*) --hash=sha256:([0-9a-f]{64})$/m.exec(pin) ?? []
  const dir = await madeOnce(`cudnn-${sha256.slice(0, 16)}`, (work) =>
    withWheel(requirement, 'manylinux_2_27_x86_64', async (file) => {
      const found = (await hashFile(file, new AbortController().signal)).sha256
      if (found !== sha256) throw new Error(`${path.basename(file)} has SHA-256 ${found}, not ${sha256}`)
      await execa(PYTHON, ['-m', 'zipfile', '--extract', file, work], { timeout: FETCH_MS })
    }),
  )
  return path.join(dir, 'nvidia/cudnn/lib/libcudnn.so.9')
}
