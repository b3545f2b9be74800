import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PinnedFile, ProviderRelease, WheelFile } from '../../../worker/cuda/provider-release.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { aZip } from './a-zip.ts'

export const SHARED = 'libonnxruntime_providers_shared.so'
export const CUDA = 'libonnxruntime_providers_cuda.so'
export const LICENCES = ['onnxruntime-gpu.LICENSE', 'onnxruntime-gpu.ThirdPartyNotices.txt']
export const WHEEL = 'onnxruntime_gpu-1.2.3-cp312-cp312-manylinux_2_28_x86_64.whl'

export const pinOf = (name: string, content: Buffer): PinnedFile => ({
  name,
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
})

const CONTENTS: Readonly<Record<string, Buffer>> = {
  [SHARED]: Buffer.from('the bridge'),
  // Larger than the pieces in which files are read and written.
  [CUDA]: Buffer.alloc(3_000_000, 'the provider'),
  [LICENCES[0]!]: Buffer.from('MIT'),
  [LICENCES[1]!]: Buffer.from('notices'),
}

const PATHS: Readonly<Record<string, string>> = {
  [SHARED]: `onnxruntime/capi/${SHARED}`,
  [CUDA]: `onnxruntime/capi/${CUDA}`,
  [LICENCES[0]!]: 'onnxruntime/LICENSE',
  [LICENCES[1]!]: 'onnxruntime/ThirdPartyNotices.txt',
}

export interface FakeRelease {
  readonly release: ProviderRelease
  readonly wheel: Buffer
  /** By the names that the files have when they are installed. */
  readonly contents: Readonly<Record<string, Buffer>>
}

/** A release of version 1.2.3 and its wheel, in which `contents` replaces the files of the default. */
export const aRelease = (contents: Readonly<Record<string, Buffer>> = {}): FakeRelease => {
  const all = { ...CONTENTS, ...contents }
  const pinned = (name: string): WheelFile => ({ ...pinOf(name, all[name]!), path: PATHS[name]! })
  const wheel = aZip({
    'onnxruntime/__init__.py': Buffer.from('raise SystemExit'),
    ...Object.fromEntries(Object.keys(all).map((name) => [PATHS[name]!, all[name]!])),
    'onnxruntime_gpu-1.2.3.dist-info/RECORD': Buffer.from(''),
  })
  return {
    release: {
      ...{ version: '1.2.3', project: 'onnxruntime-gpu', wheel: pinOf(WHEEL, wheel) },
      libraries: [SHARED, CUDA].map(pinned),
      licences: LICENCES.map(pinned),
    },
    ...{ wheel, contents: all },
  }
}

/** The folder of an onnxruntime-node package of a version, without a provider. */
export const aRuntime = async (version = '1.2.3', library = `\0VERS_${version}\0`): Promise<string> => {
  const packageDir = await temporaryDir()
  await mkdir(librariesOf(packageDir), { recursive: true })
  await writeFile(path.join(packageDir, 'package.json'), JSON.stringify({ version }))
  await writeFile(path.join(librariesOf(packageDir), 'libonnxruntime.so.1'), library)
  return packageDir
}

/** The wheel as a file. */
export const aWheelFile = async (wheel: Buffer): Promise<string> => {
  const file = path.join(await temporaryDir(), WHEEL)
  await writeFile(file, wheel)
  return file
}
