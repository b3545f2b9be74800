import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/*
 * A function as Lambda gets it: one file of JavaScript, and beside it the packages that have native code, for Lambda's
 * platform and not for this one. Neither Docker nor AWS takes part.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Amazon Linux 2023 on x86: what Lambda runs, and what the tests of the bundle run on. */
export const LAMBDA_PLATFORM = { os: 'linux', cpu: 'x64', libc: 'glibc' } as const

export interface FunctionBundle {
  /** From the project's root: `functions/ingest/handler.ts`. */
  readonly entry: string
  /** Names of packages that cannot be part of one file. */
  readonly nativePackages: readonly string[]
}

interface LockedPackage {
  readonly version: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type LockedPackages = Readonly<Record<string, LockedPackage>>

const readLock = (file: string): LockedPackages => JSON.parse(readFileSync(file, 'utf8')).packages

/** Every package below `names` at the version that the lock file has: npm would take the newest that fits. */
const lockedVersions = (packages: LockedPackages, names: readonly string[]): Record<string, string> => {
  const versions: Record<string, string> = {}
  const add = (name: string): void => {
    const found = packages[`node_modules/${name}`]
    if (found === undefined || name in versions) return
    versions[name] = found.version
    for (const below of Object.keys({ ...found.dependencies, ...found.optionalDependencies })) add(below)
  }
  for (const name of names) add(name)
  return versions
}

/** Throws if npm put something else in place than what this project is tested with. */
const assertLocked = (packages: LockedPackages, outputDir: string): void => {
  const installed = readLock(path.join(outputDir, 'node_modules/.package-lock.json'))
  for (const [place, { version, integrity }] of Object.entries(installed)) {
    const locked = packages[place]
    if (locked?.version === version && locked.integrity === integrity) continue
    throw new Error(`${place} ${version} is not the package of package-lock.json; run npm ci, and try again`)
  }
}

/** Has npm put the packages into `node_modules` of the folder, for Lambda's platform. */
const installNative = (packages: LockedPackages, names: readonly string[], outputDir: string): void => {
  const versions = lockedVersions(packages, names)
  const dependencies = Object.fromEntries(names.map((name) => [name, versions[name]]))
  const overrides = Object.fromEntries(Object.entries(versions).filter(([name]) => !(name in dependencies)))
  const manifest = { name: 'function', private: true, dependencies, overrides }
  const manifestFile = path.join(outputDir, 'package.json')
  writeFileSync(manifestFile, `${JSON.stringify(manifest)}\n`)
  const { os, cpu, libc } = LAMBDA_PLATFORM
  const platform = [`--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`]
  // No links to programs: an asset's archive must not have symbolic links.
  const sparing = ['--ignore-scripts', '--no-bin-links', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', ...platform, ...sparing], {
    cwd: outputDir,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  assertLocked(packages, outputDir)
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
    rmSync(path.join(outputDir, file), { force: true })
  }
  writeFileSync(manifestFile, '{ "type": "commonjs" }\n')
}

/** Hash of all that decides what npm installs. */
const installKey = (packages: LockedPackages, names: readonly string[]): string => {
  const locked = Object.keys(lockedVersions(packages, names)).map((name) => {
    const { version, integrity } = packages[`node_modules/${name}`] ?? {}
    return [name, version, integrity]
  })
  return createHash('sha256').update(JSON.stringify({ names, locked, LAMBDA_PLATFORM })).digest('hex')
}

/**
 * Puts the packages into the folder. They are installed once for the same versions, and copied from then on: every
 * command of cdk bundles the functions, also one that only lists stacks, and npm would ask its registry each time. A
 * folder of the cache gets its name when it is whole.
 */
const copyNative = (names: readonly string[], outputDir: string, cacheDir: string): void => {
  const packages = readLock(path.join(ROOT, 'package-lock.json'))
  const installed = path.join(cacheDir, installKey(packages, names))
  if (!existsSync(installed)) {
    mkdirSync(cacheDir, { recursive: true })
    const partial = mkdtempSync(path.join(cacheDir, 'partial-'))
    try {
      installNative(packages, names, partial)
      renameSync(partial, installed)
    } catch (error) {
      rmSync(partial, { recursive: true, force: true })
      // Another command was first.
      if (!existsSync(installed)) throw error
    }
  }
  cpSync(installed, outputDir, { recursive: true })
}

export interface BundledFunction {
  /** Files that are part of it, from the project's root. */
  readonly inputs: readonly string[]
}

/** Below node_modules, so that `npm ci` clears it away. */
const CACHE_DIR = path.join(ROOT, 'node_modules/.cache/svd-batch/functions')

/** Writes `index.js`, which exports what the entry exports, and what it needs. The folder is made if it is not there. */
export const bundleFunction = (
  { entry, nativePackages }: FunctionBundle,
  outputDir: string,
  cacheDir = CACHE_DIR,
): BundledFunction => {
  mkdirSync(outputDir, { recursive: true })
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: path.join(outputDir, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: [...nativePackages],
    metafile: true,
    sourcemap: true,
    sourcesContent: false,
    minifySyntax: true,
    logLevel: 'warning',
  })
  if (nativePackages.length > 0) copyNative(nativePackages, outputDir, cacheDir)
  return { inputs: Object.keys(metafile.inputs) }
}
