import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { hashFile } from '../../shared/files/hash-file.ts'
import type { PinnedFile, ProviderRelease } from './provider-release.ts'
import { librariesOf } from './runtime-package.ts'

/**
 * `missing`: no provider is there, or one of its libraries is not. `mismatch`: a library is there that is not the
 * pinned one. `unfit`: onnxruntime-node has another version than the pinned provider.
 */
export type ProviderState =
  | { readonly status: 'installed' }
  | { readonly status: 'missing' | 'mismatch' | 'unfit'; readonly fault: string }

/** `sizes` takes no time; `hashes` reads 270 MB, which takes some 0.3 s, before a process first uses the provider. */
export type VerifyProvider = 'hashes' | 'sizes'

const INSTALLED: ProviderState = { status: 'installed' }

const sizeOf = async (file: string): Promise<number | null> => {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return null
    throw error
  }
}

const libraryState = async (
  folder: string,
  { name, sizeBytes, sha256 }: PinnedFile,
  verify: VerifyProvider,
  signal: AbortSignal,
): Promise<ProviderState> => {
  const file = path.join(folder, name)
  const actualBytes = await sizeOf(file)
  if (actualBytes === null) return { status: 'missing', fault: `${name} is not in ${folder}` }
  if (actualBytes !== sizeBytes) {
    return { status: 'mismatch', fault: `${file} has ${actualBytes} bytes; must be ${sizeBytes}` }
  }
  if (verify === 'sizes') return INSTALLED
  const actual = (await hashFile(file, signal)).sha256
  if (actual === sha256) return INSTALLED
  return { status: 'mismatch', fault: `${file} has SHA-256 ${actual}; must be ${sha256}` }
}

/** Whether `folder` has the release's libraries, be there a runtime beside them or not. */
export const checkProviderFiles = async (
  folder: string,
  { libraries }: ProviderRelease,
  verify: VerifyProvider,
  signal: AbortSignal,
): Promise<ProviderState> => {
  for (const library of libraries) {
    const state = await libraryState(folder, library, verify, signal)
    if (state.status !== 'installed') return state
  }
  return INSTALLED
}

const packageSchema = z.object({ version: z.string() })

/**
 * Whether onnxruntime-node has the version of the release. Provider and runtime call each other's C++ by position, so
 * any other pair of versions crashes, or worse. With `hashes` the library itself is read too, since a folder can be
 * mixed from two packages.
 */
export const checkRuntimeFits = async (
  packageDir: string,
  { version }: ProviderRelease,
  verify: VerifyProvider,
): Promise<ProviderState> => {
  const found = packageSchema.parse(JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8')))
  const rule = `the CUDA provider fits ${version} alone`
  if (found.version !== version) {
    return { status: 'unfit', fault: `onnxruntime-node is ${found.version}; ${rule}` }
  }
  if (verify === 'sizes') return INSTALLED
  const library = path.join(librariesOf(packageDir), 'libonnxruntime.so.1')
  if ((await sizeOf(library)) === null) {
    return { status: 'unfit', fault: `${library} is missing; run npm ci again` }
  }
  if ((await readFile(library)).includes(`VERS_${version}`)) return INSTALLED
  return { status: 'unfit', fault: `${library} is not of version ${version}; ${rule}` }
}

/** Whether the provider can be used as far as its own files say: it fits the runtime, is there, and is the pinned one. */
export const checkProvider = async (
  packageDir: string,
  release: ProviderRelease,
  verify: VerifyProvider,
  signal: AbortSignal,
): Promise<ProviderState> => {
  const fits = await checkRuntimeFits(packageDir, release, verify)
  if (fits.status !== 'installed') return fits
  return await checkProviderFiles(librariesOf(packageDir), release, verify, signal)
}
