import { cudaFixes } from '../../cuda/cuda-fixes.ts'
import { type CudaMachine, type CudaState, isCudaReady } from '../../cuda/cuda-state.ts'
import { librariesOf } from '../../cuda/runtime-package.ts'

interface Line {
  readonly ok: boolean
  readonly name: string
  readonly text: string
}

const NAME_COLUMNS = 20

const linesOf = ({ provider, libraries, faults }: CudaState, version: string): readonly Line[] => [
  {
    ok: provider.status === 'installed',
    name: 'CUDA provider',
    text: provider.status === 'installed' ? version : provider.fault,
  },
  ...libraries.map(({ name, file, fault }) => ({ ok: fault === null, name, text: fault ?? file ?? 'found' })),
  ...faults.map((text) => ({ ok: false, name: 'library', text })),
]

const verdictOf = (state: CudaState): string => {
  if (isCudaReady(state))
    return 'The CUDA provider and all its libraries are there; a GPU itself was not used.'
  const count = state.libraries.filter(({ fault }) => fault !== null).length + state.faults.length
  const provider = state.provider.status === 'installed' ? 'installed' : 'not usable'
  const libraries = count === 0 ? 'its libraries are there' : `${count} of NVIDIA's libraries cannot be used`
  return `Nothing can be rendered with CUDA yet: the provider is ${provider}, and ${libraries}.`
}

/** One line for each part, a sentence that sums up, and what to do about each fault. */
export const formatCudaState = (state: CudaState, { release }: CudaMachine): string => {
  const lines = linesOf(state, release.version).map(
    ({ ok, name, text }) => `${ok ? 'ok  ' : 'fail'}  ${name.padEnd(NAME_COLUMNS)}  ${text}`,
  )
  const fixes = cudaFixes(state).map((fix) => `fix: ${fix}`)
  return `${[...lines, verdictOf(state), ...fixes].join('\n')}\n`
}

/** The keys of `--json`, which programs rely on. */
export const cudaStateDocument = (state: CudaState, { release, packageDir }: CudaMachine) => ({
  ready: isCudaReady(state),
  provider: {
    version: release.version,
    folder: librariesOf(packageDir),
    status: state.provider.status,
    fault: state.provider.status === 'installed' ? null : state.provider.fault,
  },
  libraries: state.libraries.map(({ name, opened, file, fault }) => ({ name, opened, file, fault })),
  faults: state.faults,
  fixes: cudaFixes(state),
})
