import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createGraph } from '../compiler/graph/graph.ts'
import { add } from '../compiler/ops/elementwise.ts'
import { findRuntimePackage, librariesOf } from '../cuda/runtime-package.ts'
import { onnxruntime } from './onnxruntime.ts'
import type { RuntimeProbe } from './runtime-probe.ts'
import { openSession } from './session.ts'

/*
 * probe-runtime.ts [cuda]: loads the runtime, runs a graph of one node on the processor or the first card, and prints
 * what the runtime is. Fails if it cannot.
 */

const g = createGraph('probe')
g.output('y', add(g, g.input('a', [2]), g.input('b', [2])))
const numbers = (...data: number[]) => ({ data: Float32Array.from(data), shape: [2] })
await using session = await openSession(g, {
  threads: 1,
  provider: process.argv[2] === 'cuda' ? 'cuda' : 'cpu',
})
const { y } = await session.run({ a: numbers(1, 2), b: numbers(10, 20) })
if (y?.data[0] !== 11 || y.data[1] !== 22) throw new Error(`1 + 10 and 2 + 20 gave ${y?.data}, not 11 and 22`)

/** The package's own list does not know a provider that was installed later, as CUDA's is. */
const isInstalled = (provider: string): boolean =>
  existsSync(path.join(librariesOf(findRuntimePackage()), `libonnxruntime_providers_${provider}.so`))

const { version } = JSON.parse(await readFile(path.join(findRuntimePackage(), 'package.json'), 'utf8'))
const probe: RuntimeProbe = {
  version,
  providers: onnxruntime()
    .listSupportedBackends()
    .map(({ name, bundled }) => (bundled || isInstalled(name) ? name : `${name} (not installed)`)),
}
process.stdout.write(`${JSON.stringify(probe)}\n`)
