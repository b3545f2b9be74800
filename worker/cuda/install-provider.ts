import { stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { hashFile } from '../../shared/files/hash-file.ts'
import { formatBytes } from '../../shared/size-text.ts'
import { downloadWheel } from './download-wheel.ts'
import { extractWheel } from './extract-wheel.ts'
import { checkProviderFiles } from './installed-provider.ts'
import type { Address } from './package-index.ts'
import type { ProviderRelease } from './provider-release.ts'
import { openStagingFolder } from './staging-folder.ts'

const FIRST_RETRY_MS = 1_000

/** A wheel that is on this machine already, or the index to download it from. */
export type WheelSource = { readonly file: string } | { readonly index: Address }

export interface InstallOptions {
  readonly onBytes?: (doneBytes: number, totalBytes: number) => void
  readonly firstRetryMs?: number
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission to write there; run it as the user who owns the folder',
  EPERM: 'there is no permission to write there; run it as the user who owns the folder',
  EROFS: 'its file system is read-only',
  ENOENT: 'it is not there; run npm ci first',
  ENOTDIR: 'it is not a folder',
}

/** The error to throw for one of the file system; any other is thrown as it is. */
const writeFault = (error: unknown, folder: string, { wheel, libraries }: ProviderRelease): unknown => {
  const code = String((error as NodeJS.ErrnoException).code)
  const needed = libraries.reduce((total, { sizeBytes }) => total + sizeBytes, wheel.sizeBytes)
  const reason = code === 'ENOSPC' ? `its disk is full; ${formatBytes(needed)} are needed` : REASONS[code]
  if (reason === undefined) return error
  return new Error(`the CUDA provider cannot be installed in ${folder}: ${reason}`, { cause: error })
}

/** The pip command that downloads the pinned wheel, for a user who has Python on another machine. */
export const pipDownload = ({ project, version }: ProviderRelease): string =>
  `pip download --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 --python-version 3.12 ${project}==${version}`

const assertWheelFile = async (
  file: string,
  release: ProviderRelease,
  signal: AbortSignal,
): Promise<void> => {
  const { name, sizeBytes, sha256 } = release.wheel
  const fix = `must be ${name}; get it with: ${pipDownload(release)}`
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError('--wheel', `${file} cannot be read (${cause.code}); ${fix}`, { cause })
  })
  if (!found.isFile()) throw new InvalidInputError('--wheel', `${file} is not a file; ${fix}`)
  if (found.size !== sizeBytes) {
    throw new InvalidInputError('--wheel', `${file} has ${found.size} bytes, not ${sizeBytes}; ${fix}`)
  }
  const actual = (await hashFile(file, signal)).sha256
  if (actual !== sha256) {
    throw new InvalidInputError('--wheel', `${file} has SHA-256 ${actual}, not ${sha256}; ${fix}`)
  }
}

const bringWheel = async (
  source: WheelSource,
  release: ProviderRelease,
  folder: string,
  { onBytes, firstRetryMs = FIRST_RETRY_MS }: InstallOptions,
  signal: AbortSignal,
): Promise<string> => {
  if ('file' in source) {
    await assertWheelFile(source.file, release, signal)
    return source.file
  }
  const target = path.join(folder, release.wheel.name)
  const onDone = (doneBytes: number): void => onBytes?.(doneBytes, release.wheel.sizeBytes)
  await downloadWheel(source.index, release, target, { onBytes: onDone, firstRetryMs }, signal)
  return target
}

const installInto = async (
  folder: string,
  release: ProviderRelease,
  source: WheelSource,
  options: InstallOptions,
  signal: AbortSignal,
): Promise<void> => {
  await using staging = await openStagingFolder(folder)
  const wheel = await bringWheel(source, release, staging.folder, options, signal)
  const files = [...release.licences, ...release.libraries]
  await extractWheel(wheel, files, staging.folder, signal)
  await staging.publish(files.map(({ name }) => name))
}

/**
 * Installs a release's libraries and licences in `folder`, unless its libraries are there already. `folder` has to be
 * there. A file appears under its name only when it is whole and verified, however the process ends, and several
 * processes may install at once. Throws InvalidInputError for a file that is not the pinned wheel.
 */
export const installProvider = async (
  folder: string,
  release: ProviderRelease,
  source: WheelSource,
  options: InstallOptions,
  signal: AbortSignal,
): Promise<'installed' | 'was-there'> => {
  try {
    const { status } = await checkProviderFiles(folder, release, 'hashes', signal)
    if (status === 'installed') return 'was-there'
    await installInto(folder, release, source, options, signal)
  } catch (error) {
    // Streams that a signal stops have errors of their own.
    signal.throwIfAborted()
    throw writeFault(error, folder, release)
  }
  return 'installed'
}
