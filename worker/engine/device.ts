import { oneTarget, type Targets } from '../compiler/targets/target.ts'
import { detectCpuTarget } from './nchwc-block.ts'

/** What networks run on: which graphs it runs best, and how much of its memory is free. */
export interface Device {
  /** Of ONNX Runtime's execution provider. */
  readonly provider: 'cpu'
  readonly targets: Targets
  freeMemoryBytes(): number
}

export const openCpuDevice = async (): Promise<Device> => ({
  provider: 'cpu',
  targets: oneTarget(await detectCpuTarget()),
  freeMemoryBytes: () => process.availableMemory(),
})
