import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createGraph } from '../../../worker/compiler/graph/graph.ts'
import { reorderInput, reorderOutput } from '../../../worker/compiler/ops/nchwc.ts'
import { cpuTarget } from '../../../worker/compiler/targets/cpu.ts'
import { detectCpuTarget } from '../../../worker/engine/nchwc-block.ts'
import { runGraph, tensorOf } from '../../fixtures/run-graph.ts'

/** Flags of the first processor, as Linux prints them; empty elsewhere. */
const processorFlags = (): ReadonlySet<string> => {
  if (process.platform !== 'linux') return new Set()
  const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? ''
  return new Set(flags.split(' '))
}

const target = await detectCpuTarget()
const block = target === cpuTarget ? null : Number(/^cpu-nchwc(\d+)$/.exec(target.name)?.[1])

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'ONNX Runtime keeps 16 channels side by side with AVX-512, and 8 without (tested on Linux with x64)',
  () => {
    expect(target.name).toBe(processorFlags().has('avx512f') ? 'cpu-nchwc16' : 'cpu-nchwc8')
  },
)

test.skipIf(block === null)(
  'the detected block is the stride between the pixels of a channel (skipped where there is no such layout)',
  async () => {
    const g = createGraph('blocked')
    const x = g.input('x', [1, 32, 1, 3])
    const blocked = reorderInput(g, x)
    // A reader of another op gets the numbers in the order of memory.
    g.output('blocked', g.node({ op: 'Identity', inputs: [blocked], outputs: [blocked] })[0]!)
    g.output('plain', reorderOutput(g, blocked))
    const numbers = Array.from({ length: 96 }, (_, index) => index)
    const result = await runGraph(g, { x: tensorOf(numbers, [1, 32, 1, 3]) })
    const places = [0, 1, 2].map((pixel) => result['blocked']?.data.indexOf(pixel))
    expect(places).toEqual([0, block, 2 * (block ?? 0)])
    expect([...(result['plain']?.data ?? [])]).toEqual(numbers)
  },
)
