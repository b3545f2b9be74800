import type { CudaMachine } from './cuda-state.ts'
import { PROVIDER_RELEASE } from './provider-release.ts'
import { findRuntimePackage } from './runtime-package.ts'

/** Target of the CUDA commands: a machine, and its platform by Node's names, such as `linux-x64`. */
export interface CudaTarget extends CudaMachine {
  readonly platform: string
}

/** This machine, for processes that are started with `environment`. */
export const thisCudaTarget = (environment: CudaMachine['environment']): CudaTarget => ({
  platform: `${process.platform}-${process.arch}`,
  packageDir: findRuntimePackage(),
  release: PROVIDER_RELEASE,
  program: process.execPath,
  environment,
})
