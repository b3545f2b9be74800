/** The providers to which ONNX Runtime assigned a graph's nodes, after all its fusions. */
export interface Placement {
  /** By execution provider, such as CUDAExecutionProvider. Empty if the session failed before. */
  readonly nodesByProvider: Readonly<Record<string, number>>
  /** `Op (node name)` of every node that is not on CUDA. */
  readonly cpuNodes: readonly string[]
  /** The copies between devices that ONNX Runtime inserted: `MemcpyToHost value`. */
  readonly copyNodes: readonly string[]
}

/**
 * Reads the placement from ONNX Runtime's verbose log. The log names nodes only if several providers have some:
 *
 *     … VerifyEachNodeIsAssignedToAnEp] Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1
 *     … VerifyEachNodeIsAssignedToAnEp]   Tan (tan_3)
 */
export const parsePlacement = (log: string): Placement => {
  const nodesByProvider: Record<string, number> = {}
  const cpuNodes: string[] = []
  let provider = ''
  for (const [, line = ''] of log.matchAll(/VerifyEachNodeIsAssignedToAnEp\]\s*(.*)/g)) {
    const placed = /(?:All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(line)
    if (placed !== null) {
      provider = placed[1]!
      nodesByProvider[provider] = Number(placed[2])
    } else if (/^\w+ \(.*\)\s*$/.test(line) && provider !== 'CUDAExecutionProvider')
      cpuNodes.push(line.trim())
  }
  const copies = log.matchAll(/AddCopyNode\] Add (\w+) (?:before|after) (\S+)/g)
  // A strict session's copies are logged twice: see logPlacement in child.ts.
  const copyNodes = [...new Set([...copies].map(([, op, value]) => `${op} ${value}`))]
  return { nodesByProvider, cpuNodes, copyNodes }
}
