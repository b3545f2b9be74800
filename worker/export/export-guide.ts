import type { ClipShape } from '../compiler/clip-shape.ts'
import type { Value } from '../compiler/graph/value.ts'
import type { Versions } from '../engine/versions.ts'
import { type ExportedGraph, meaningOf } from './exported-graphs.ts'

const describe = (exported: ExportedGraph) => (value: Value) => ({
  name: value.name,
  dtype: value.dtype,
  shape: value.shape,
  meaning: meaningOf(exported, value.name),
})

/** graphs.json: the same as the README for programs. */
export const guideAsJson = (exported: readonly ExportedGraph[], shape: ClipShape, versions: Versions) => ({
  width: shape.width,
  height: shape.height,
  num_frames: shape.numFrames,
  guidance: shape.guidance,
  decode_chunk_size: shape.decodeChunk,
  target: shape.targets.name,
  graphs: exported.map((one) => ({
    file: one.file,
    purpose: one.purpose,
    inputs: one.graph.inputs.map(describe(one)),
    outputs: one.graph.outputs.map(describe(one)),
  })),
  versions,
})

type Guide = ReturnType<typeof guideAsJson>

const valueTable = (kind: string, values: Guide['graphs'][number]['inputs']): readonly string[] => [
  `| ${kind} | type | meaning |`,
  '|---|---|---|',
  ...values.map(
    ({ name, dtype, shape, meaning }) => `| \`${name}\` | ${dtype} [${shape.join(', ')}] | ${meaning} |`,
  ),
  '',
]

const CUDA_PROVIDER = 'providers=["CUDAExecutionProvider"]'

/** Provider that runs the graphs of a target, and its name in a Python session. */
const runtimeOf = (target: string): { readonly needs: readonly string[]; readonly sessionOptions: string } =>
  target === 'cpu'
    ? {
        needs: [
          'Opset 20 with operators of com.microsoft (MultiHeadAttention and others), so ONNX Runtime is needed.',
        ],
        sessionOptions: '',
      }
    : {
        needs: [
          'Opset 20 with operators of com.microsoft that only the CUDA provider of ONNX Runtime has kernels for. Leave',
          'graph optimizations on, because they lay out the weights when a session is created. Inputs and outputs are',
          `float32 (${target}).`,
        ],
        sessionOptions: `, ${CUDA_PROVIDER}`,
      }

/** README.md of the exported folder. */
export const guideAsText = (guide: Guide): string => {
  const { needs, sessionOptions } = runtimeOf(guide.target)
  return [
    '# Stable Video Diffusion as ONNX',
    '',
    `${guide.width}x${guide.height}, ${guide.num_frames} frames, guidance ${guide.guidance ? 'on' : 'off'}; shapes are fixed.`,
    ...needs,
    'Weights are external data: keep the files and folders beside the graphs together. `graphs.json` lists all inputs',
    'and outputs.',
    '',
    '```python',
    'import onnxruntime',
    `vae_encoder = onnxruntime.InferenceSession("vae_encoder.onnx"${sessionOptions})`,
    '(image_latents,) = vae_encoder.run(None, {"image": image})',
    '```',
    '',
    ...guide.graphs.flatMap(({ file, purpose, inputs, outputs }) => [
      `## ${file}`,
      '',
      `${purpose.charAt(0).toUpperCase()}${purpose.slice(1)}.`,
      '',
      ...valueTable('input', inputs),
      ...valueTable('output', outputs),
    ]),
    `Made by svd-batch ${guide.versions.svd_batch}. The weights' licence is that of the checkpoint.`,
    '',
  ].join('\n')
}
