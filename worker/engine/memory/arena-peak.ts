import type { Graph, Node } from '../../compiler/graph/graph.ts'
import { bytesOf } from '../../compiler/graph/value.ts'
import { type BfcArenaOptions, type Chunk, createBfcArena } from './bfc-arena.ts'
import { executionOrder } from './execution-order.ts'

/** Bytes that a node's kernel allocates beside its outputs, and frees before it ends. */
export type Workspace = (node: Node) => readonly number[]

export interface ArenaUse {
  /** Bytes of all regions after the run: they only grow. */
  readonly arenaBytes: number
  readonly regions: readonly number[]
  /** Bytes of the regions that were ever written to: the most that a CPU has to have memory for. */
  readonly touchedBytes: number
  /** The largest sum of tensors and workspaces alive at once. */
  readonly liveBytes: number
  /** Name of the node at which `liveBytes` is reached. */
  readonly liveAt: string
}

export interface SimulationOptions extends BfcArenaOptions {
  /** Default 2: what the second run adds, later ones do not exceed. */
  readonly runs?: number
  readonly limitBytes?: number
}

/** Ops whose output is their first input's buffer under another shape. */
const ALIASES = new Set(['Reshape', 'Identity'])

/**
 * Allocates and frees as ONNX Runtime does while it runs a graph of open sizes. Inputs are copied to the device before
 * the first node and stay to the end. A node's outputs are allocated when it runs, and its inputs are freed after their
 * last use. Outputs of the graph have buffers of their own, which stay to the end. `null` if the device refuses, or once
 * the regions reach `limitBytes`.
 */
export const simulateArena = (
  graph: Pick<Graph, 'inputs' | 'outputs' | 'nodes'>,
  workspace: Workspace,
  { runs = 2, limitBytes = Number.POSITIVE_INFINITY, ...options }: SimulationOptions = {},
): ArenaUse | null => {
  const order = executionOrder(graph)
  const graphOutputs = new Set(graph.outputs.map(({ name }) => name))
  const bufferOf = new Map<string, string>()
  const lastUse = new Map<string, number>()
  for (const { name } of graph.inputs) {
    bufferOf.set(name, name)
    lastUse.set(name, order.length)
  }
  order.forEach((node, index) => {
    for (const value of node.inputs) {
      const buffer = bufferOf.get(value?.name ?? '')
      if (buffer !== undefined) lastUse.set(buffer, Math.max(index, lastUse.get(buffer) ?? 0))
    }
    const source = bufferOf.get(node.inputs[0]?.name ?? '')
    for (const { name } of node.outputs) {
      const isAlias = ALIASES.has(node.op) && source !== undefined && !graphOutputs.has(name)
      const buffer = isAlias ? source : name
      bufferOf.set(name, buffer)
      lastUse.set(buffer, graphOutputs.has(name) ? order.length : Math.max(index, lastUse.get(buffer) ?? 0))
    }
  })
  const freedAfter = Map.groupBy(lastUse, ([, index]) => index)

  const arena = createBfcArena(options)
  const used = new Map<string, { readonly chunk: Chunk; readonly sizeBytes: number }>()
  let live = 0
  let peak = { bytes: 0, at: 'inputs' }
  let isRefused = false
  const allocate = (name: string, sizeBytes: number, at: string): void => {
    const chunk = arena.allocate(sizeBytes)
    if (chunk === null) {
      isRefused = true
      return
    }
    used.set(name, { chunk, sizeBytes })
    live += sizeBytes
    if (live > peak.bytes) peak = { bytes: live, at }
  }
  const free = (name: string): void => {
    const buffer = used.get(name)
    if (buffer === undefined) return
    used.delete(name)
    live -= buffer.sizeBytes
    arena.free(buffer.chunk)
  }
  for (let run = 0; run < runs; run += 1) {
    for (const input of graph.inputs) allocate(input.name, bytesOf(input), 'inputs')
    for (const [index, node] of order.entries()) {
      if (isRefused || arena.totalBytes >= limitBytes) return null
      for (const output of node.outputs) {
        if (bufferOf.get(output.name) === output.name) allocate(output.name, bytesOf(output), node.name)
      }
      const sizes = workspace(node)
      sizes.forEach((sizeBytes, number) => {
        allocate(`workspace ${number}`, sizeBytes, node.name)
      })
      sizes.forEach((_, number) => {
        free(`workspace ${number}`)
      })
      for (const [name] of freedAfter.get(index) ?? []) free(name)
    }
    for (const [name] of freedAfter.get(order.length) ?? []) free(name)
    arena.endRun()
  }
  if (isRefused) return null
  return {
    touchedBytes: arena.touchedBytes,
    arenaBytes: arena.totalBytes,
    regions: arena.regions,
    liveBytes: peak.bytes,
    liveAt: peak.at,
  }
}
