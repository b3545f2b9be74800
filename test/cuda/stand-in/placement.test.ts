import { expect, test } from 'vitest'
import { parsePlacement } from './placement.ts'

const PREFIX =
  '2026-01-01 12:00:00.000000001 [V:onnxruntime:, session_state.cc:1400 VerifyEachNodeIsAssignedToAnEp]'

test('parsePlacement counts nodes that are all on CUDA, and names none', () => {
  const log = `${PREFIX} Node placements\n${PREFIX}  All nodes placed on [CUDAExecutionProvider]. Number of nodes: 3\n`
  expect(parsePlacement(log)).toEqual({
    nodesByProvider: { CUDAExecutionProvider: 3 },
    cpuNodes: [],
    copyNodes: [],
  })
})

test('parsePlacement names nodes on the CPU, and the copies to them', () => {
  const log = `
[I:onnxruntime:, transformer_memcpy.cc:400 AddCopyNode] Add MemcpyToHost after Sigmoid for CUDAExecutionProvider
${PREFIX} Node placements
${PREFIX}  Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1
${PREFIX}   Tan (down_blocks.0/Tan)
${PREFIX}  Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 2
${PREFIX}   Sigmoid (Sigmoid)
${PREFIX}   MemcpyToHost (Memcpy)
`
  expect(parsePlacement(log)).toEqual({
    nodesByProvider: { CPUExecutionProvider: 1, CUDAExecutionProvider: 2 },
    cpuNodes: ['Tan (down_blocks.0/Tan)'],
    copyNodes: ['MemcpyToHost Sigmoid'],
  })
})
