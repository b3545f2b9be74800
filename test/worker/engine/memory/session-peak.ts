import { readFile } from 'node:fs/promises'
import { elementCount } from '../../../../worker/checkpoint/element-count.ts'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../../worker/compiler/compile.ts'
import { openDevice } from '../../../../worker/engine/device.ts'
import { cpuMemoryOf } from '../../../../worker/engine/memory/cpu-memory.ts'
import { HOST_RUNTIME_BYTES } from '../../../../worker/engine/memory/device-memory.ts'
import { foldedGraph } from '../../../../worker/engine/memory/folded-graph.ts'
import { openSession } from '../../../../worker/engine/session.ts'

/*
 * session-peak.ts CASE.json: runs one graph twice on the CPU in this process, and prints its largest resident set
 * beside the prediction.
 */

interface Case {
  readonly checkpoint: string
  readonly variant: string
  readonly cacheDir: string
  readonly graph: 'predictionStep' | 'denoiseStep' | 'vaeEncoder' | 'vaeDecoder'
  readonly width: number
  readonly height: number
  readonly numFrames: number
}

const one: Case = JSON.parse(await readFile(process.argv[2]!, 'utf8'))
const checkpoint = await openCheckpoint(one.checkpoint, { variant: one.variant })
const targets = (await openDevice({ provider: 'cpu' })).targets(checkpoint.vae.config)
const graphs = compileClip(checkpoint, { ...one, guidance: true, feedForwardChunks: 1, targets })
const graph = one.graph === 'vaeDecoder' ? graphs.vaeDecoder(one.numFrames, 'rgb') : graphs[one.graph]()
const predictedBytes = HOST_RUNTIME_BYTES + cpuMemoryOf(foldedGraph(graph)).bytes

await using session = await openSession(graph, { threads: 2, cacheDir: one.cacheDir })
const inputs = Object.fromEntries(
  graph.inputs.map(({ name, shape }) => [
    name,
    { data: new Float32Array(elementCount(shape)).fill(0.1), shape },
  ]),
)
for (let run = 0; run < 2; run += 1) await session.run(inputs)
const measuredBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(JSON.stringify({ predictedBytes, measuredBytes }))
