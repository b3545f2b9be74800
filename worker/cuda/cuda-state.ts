import path from 'node:path'
import { CUDA_LIBRARIES, type CudaLibrary, DRIVER_LIBRARY, LEAST_DRIVER_MAJOR } from './cuda-libraries.ts'
import { findLibraries } from './find-libraries.ts'
import { checkProvider, type ProviderState, type VerifyProvider } from './installed-provider.ts'
import type { ProviderRelease } from './provider-release.ts'
import { librariesOf } from './runtime-package.ts'

/** Inputs for an examination of the machine's CUDA provider and libraries. */
export interface CudaMachine {
  /** The folder of onnxruntime-node. */
  readonly packageDir: string
  readonly release: ProviderRelease
  /** The program whose process opens the provider. */
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface CudaLibraryState extends CudaLibrary {
  /** The file that the dynamic loader finds, or `null`. */
  readonly file: string | null
  /** Why it cannot be used, or `null`. */
  readonly fault: string | null
}

export interface CudaState {
  readonly provider: ProviderState
  readonly libraries: readonly CudaLibraryState[]
  /** Further faults: libraries that those above need in turn, and versions that do not fit. */
  readonly faults: readonly string[]
}

/** The driver's version is in the name of its file, `libcuda.so.580.126.09`, except on WSL. */
const driverFault = (file: string): string | null => {
  const [, version = '', major] = /^libcuda\.so\.((\d{3,})\..+)$/.exec(path.basename(file)) ?? []
  if (major === undefined || Number(major) >= LEAST_DRIVER_MAJOR) return null
  return `the driver is ${version}; CUDA 13 needs ${LEAST_DRIVER_MAJOR} or newer`
}

/** Examines the provider's files, and searches its libraries as the process will that opens them. */
export const readCudaState = async (
  { packageDir, release, program, environment }: CudaMachine,
  verify: VerifyProvider,
  signal: AbortSignal,
): Promise<CudaState> => {
  const provider = await checkProvider(packageDir, release, verify, signal)
  const object = path.join(librariesOf(packageDir), release.libraries.at(-1)?.name ?? '')
  const { found, missing, faults } = await findLibraries({
    ...{ program, environment },
    names: CUDA_LIBRARIES.map(({ name }) => name),
    // What is not the pinned provider may need anything.
    object: provider.status === 'installed' ? object : null,
  })
  const libraries = CUDA_LIBRARIES.map((library) => {
    const file = found.get(library.name) ?? null
    const unusable = file !== null && library.name === DRIVER_LIBRARY ? driverFault(file) : null
    return { ...library, file, fault: missing.get(library.name) ?? unusable }
  })
  const known = new Set(CUDA_LIBRARIES.map(({ name }) => name))
  const others = [...missing].filter(([name]) => !known.has(name)).map(([name, why]) => `${name}: ${why}`)
  return { provider, libraries, faults: [...others, ...faults] }
}

/** Faults that keep ONNX Runtime from loading the provider or from running graphs with it, each as a sentence. */
export const cudaFaults = ({ provider, libraries, faults }: CudaState): readonly string[] => [
  ...(provider.status === 'installed' ? [] : [provider.fault]),
  ...libraries.flatMap(({ name, fault }) => (fault === null ? [] : [`${name}: ${fault}`])),
  ...faults,
]

export const isCudaReady = (state: CudaState): boolean => cudaFaults(state).length === 0
