import { encodeOnnx } from '../compiler/graph/encode-onnx.ts'
import { createGraph } from '../compiler/graph/graph.ts'
import { reorderInput } from '../compiler/ops/nchwc.ts'
import { cpuTarget } from '../compiler/targets/cpu.ts'
import { nchwcTarget } from '../compiler/targets/nchwc.ts'
import type { Target } from '../compiler/targets/target.ts'
import { onnxruntime } from './onnxruntime.ts'

const CHANNELS = 32

/**
 * Channels that ONNX Runtime keeps side by side on this processor (8 with AVX2, 16 with AVX-512), found by reordering
 * the numbers 0, 1, 2, …: pixel 1 of channel 0 comes after one pixel's block. `null` if it has no such layout here.
 */
const detectBlock = async (): Promise<number | null> => {
  const g = createGraph('nchwc_block')
  g.output('y', reorderInput(g, g.input('x', [1, CHANNELS, 1, 2])))
  try {
    const { InferenceSession, Tensor } = onnxruntime()
    const session = await InferenceSession.create(encodeOnnx(g).bytes, {
      executionProviders: ['cpu'],
      logSeverityLevel: 4,
    })
    const numbers = Float32Array.from({ length: 2 * CHANNELS }, (_, i) => i)
    const { y } = await session.run({ x: new Tensor('float32', numbers, [1, CHANNELS, 1, 2]) })
    await session.release()
    const block = y === undefined ? -1 : (y.data as Float32Array).indexOf(1)
    return block > 1 && CHANNELS % block === 0 ? block : null
  } catch {
    return null
  }
}

/** The target for this process and processor: blocked where ONNX Runtime has that, else portable ONNX. */
export const detectCpuTarget = async (): Promise<Target> => {
  const block = await detectBlock()
  return block === null ? cpuTarget : nchwcTarget(block)
}
