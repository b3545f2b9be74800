import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { cpuDeviceMemory, HOST_RUNTIME_BYTES } from '../engine/memory/device-memory.ts'
import { type DoesNotFit, type FittingPlan, planClipMemory } from '../engine/memory/plan-clip-memory.ts'
import { clipNetworksOf } from '../pipeline/clip-graphs.ts'
import type { ClipShape } from './clip-statistics.ts'

/** How `--memory auto` would render a single clip on this machine's CPU. Builds graphs, and runs none. */
export const clipMemoryOf = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  availableBytes: number,
): FittingPlan | DoesNotFit => {
  const { width, height, numFrames, decodeChunk } = shape
  return planClipMemory({
    ...{ width, height, numFrames, memory: 'auto', keepWarm: false },
    decodeChunk: decodeChunk === numFrames ? null : decodeChunk,
    // The renderer is a process that does not run yet.
    device: cpuDeviceMemory(availableBytes, HOST_RUNTIME_BYTES),
    clip: clipNetworksOf(checkpoint, shape),
  })
}
