import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openStandIn, runOnStandIn } from '../../../cuda/stand-in-card.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT, runCommandLine } from '../a-command-line.ts'

const { obstacle, title } = await openStandIn()

interface Guide {
  readonly graphs: readonly {
    readonly file: string
    readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]
  }[]
}

test.skipIf(obstacle !== null)(
  `every node of svd compile --target cuda runs on the CUDA provider with all graph optimizations${title}`,
  { timeout: 300_000 },
  async () => {
    const folder = path.join(await temporaryDir(), 'onnx')
    const size = ['--width', '128', '--height', '64', '--num-frames', '3', '--decode-chunk-size', '2']
    const { exitCode } = await runCommandLine([
      ...['compile', '--checkpoint', DEMO_CHECKPOINT, '--output', folder, '--target', 'cuda', ...size],
    ])
    expect(exitCode).toBe(0)
    const { graphs }: Guide = JSON.parse(await readFile(path.join(folder, 'graphs.json'), 'utf8'))
    expect(graphs).toHaveLength(8)
    for (const { file, inputs } of graphs) {
      const bytes = await readFile(path.join(folder, file))
      const run = await runOnStandIn(
        { bytes, externalDataDir: folder, inputs },
        { runs: 1, sessionOptions: { graphOptimizationLevel: 'all' } },
      )
      expect([file, run.error, run.cpuNodes, run.copyNodes]).toEqual([file, null, [], []])
    }
  },
)
