import {
  type CudaLibrary,
  DRIVER_LIBRARY,
  LEAST_DRIVER_MAJOR,
  PIP_LIBRARY_FOLDERS,
} from './cuda-libraries.ts'
import type { CudaState } from './cuda-state.ts'
import type { ProviderState } from './installed-provider.ts'

const PROVIDER_FIXES: Readonly<Record<ProviderState['status'], string | null>> = {
  installed: null,
  missing: 'run: svd cuda install',
  mismatch: 'run: svd cuda install',
  unfit: 'run npm ci, which installs the version of package-lock.json',
}

const DRIVER_FIX =
  `install NVIDIA's driver ${LEAST_DRIVER_MAJOR} or newer on the machine; ` +
  `a container gets ${DRIVER_LIBRARY} from it when it is started with: docker run --gpus all`

const FAULTS_FIX = 'install the libraries that are named, or use a newer Linux with a newer C library'

const packagesOf = (libraries: readonly CudaLibrary[], source: 'apt' | 'pip'): readonly string[] => [
  ...new Set(libraries.flatMap((library) => library[source] ?? [])),
]

const libraryFixes = (libraries: readonly CudaLibrary[]): readonly string[] => {
  if (libraries.length === 0) return []
  const requirements = packagesOf(libraries, 'pip').map((requirement) => `'${requirement}'`)
  const folders = PIP_LIBRARY_FOLDERS.map((folder) => `$DIR/${folder}`).join(':')
  return [
    `install the libraries from NVIDIA's apt repository: apt-get install ${packagesOf(libraries, 'apt').join(' ')}`,
    `or from PyPI: pip install --target "$DIR" ${requirements.join(' ')}, and set ` +
      `LD_LIBRARY_PATH=${folders} for svd`,
  ]
}

/** Instructions for the user to fix the faults of a state, most important first; empty if it has none. */
export const cudaFixes = ({ provider, libraries, faults }: CudaState): readonly string[] => {
  const unusable = libraries.filter(({ fault }) => fault !== null)
  const ofToolkit = unusable.filter(({ name }) => name !== DRIVER_LIBRARY)
  return [
    PROVIDER_FIXES[provider.status],
    unusable.length > ofToolkit.length ? DRIVER_FIX : null,
    ...libraryFixes(ofToolkit),
    faults.length > 0 ? FAULTS_FIX : null,
  ].filter((fix) => fix !== null)
}
