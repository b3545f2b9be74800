import { formatBytes, formatTera } from '../../../shared/size-text.ts'
import type { Graph, Node } from '../../compiler/graph/graph.ts'
import { nodeWork } from '../../compiler/graph/node-work.ts'
import { printGraph } from '../../compiler/graph/print-graph.ts'
import { preparationNodes } from '../../compiler/graph/weight-preparation.ts'
import { cudaKernelOf } from '../../plan/cuda-kernel.ts'

const noteOf = (node: Node): string | null => {
  const { flops, bytes, usesTensorCores } = nodeWork(node)
  const kernel = cudaKernelOf(node)
  if (kernel === null) return null
  const unit =
    flops === 0 ? [] : [`${formatTera(flops)} TFLOPs ${usesTensorCores ? 'in' : 'without'} tensor cores`]
  return [kernel, ...unit, formatBytes(bytes)].join(', ')
}

/** The text of a graph, with the kernel and the work of every node behind it. */
export const printCudaGraph = (graph: Graph): string => {
  const prepared = preparationNodes(graph)
  return printGraph(graph, (node) => (prepared.has(node) ? 'computed once, with the weights' : noteOf(node)))
}

const operatorOf = ({ domain, op }: Node): string => (domain === '' ? op : `${domain}.${op}`)

/** The object that `--graph NAME --json` prints. A kernel is `null` where the target is not CUDA, or nothing runs. */
export const graphAsJson = (graph: Graph, isCuda: boolean) => {
  const prepared = preparationNodes(graph)
  const typeOf = ({ name, dtype, shape }: Graph['inputs'][number]) => ({ name, dtype, shape })
  return {
    name: graph.name,
    inputs: graph.inputs.map(typeOf),
    outputs: graph.outputs.map(typeOf),
    nodes: graph.nodes.map((node) => {
      const { flops, bytes, usesTensorCores } = nodeWork(node)
      return {
        name: node.name,
        op: operatorOf(node),
        inputs: node.inputs.map((value) => value?.name ?? null),
        outputs: node.outputs.map(typeOf),
        computed_once: prepared.has(node),
        kernel: isCuda && !prepared.has(node) ? cudaKernelOf(node) : null,
        flops,
        moved_bytes: bytes,
        tensor_cores: isCuda && usesTensorCores,
      }
    }),
  }
}
