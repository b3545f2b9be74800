import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import type { DeviceMemory } from '../../engine/memory/memory-need.ts'
import { type DoesNotFit, type FittingPlan, planClipMemory } from '../../engine/memory/plan-clip-memory.ts'
import { clipNetworksOf } from '../../pipeline/clip-graphs.ts'

/**
 * Memory plan by which `--memory auto` would render a single clip on a device, whose targets the shape has. Builds
 * graphs and runs none.
 */
export const clipMemoryOf = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  device: DeviceMemory,
): FittingPlan | DoesNotFit => {
  const { width, height, numFrames, decodeChunk } = shape
  return planClipMemory({
    ...{ width, height, numFrames, memory: 'auto', keepWarm: false },
    decodeChunk: decodeChunk === numFrames ? null : decodeChunk,
    device,
    clip: clipNetworksOf(checkpoint, shape),
  })
}
