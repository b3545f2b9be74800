import path from 'node:path'
import { DRIVER_LIBRARY } from '../cuda/cuda-libraries.ts'
import { cudaFaults, readCudaState } from '../cuda/cuda-state.ts'
import { PROVIDER_RELEASE } from '../cuda/provider-release.ts'

/*
 * A program, for the build of the image: check-cuda.ts APP. Fails, and names the faults, unless APP has the pinned CUDA
 * provider beside the runtime of its version, and the dynamic loader finds all libraries that it needs. The driver's
 * own library is left out: a container gets it from the host when it starts.
 */

const faultsOf = async (app: string): Promise<readonly string[]> => {
  const machine = {
    packageDir: path.join(app, 'node_modules/onnxruntime-node'),
    release: PROVIDER_RELEASE,
    program: process.execPath,
    environment: process.env,
  }
  const state = await readCudaState(machine, 'hashes', new AbortController().signal)
  return cudaFaults({ ...state, libraries: state.libraries.filter(({ name }) => name !== DRIVER_LIBRARY) })
}

const [app, ...rest] = process.argv.slice(2)
if (app === undefined || rest.length > 0) {
  process.stderr.write('usage: check-cuda.ts APP\n')
  process.exitCode = 2
} else {
  try {
    const faults = await faultsOf(path.resolve(app))
    if (faults.length > 0) throw new Error(faults.join('\n'))
    process.stdout.write(`CUDA provider ${PROVIDER_RELEASE.version} finds all its libraries but the driver\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
