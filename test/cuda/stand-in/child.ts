import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import type { ChildAnswer, ChildPhase, ChildRequest, RawCounts } from './request.ts'

/*
 * child.ts REQUEST.json: makes one session on the stand-in card, runs it, and writes down what each step counted.
 *
 * It is a process of its own because the libraries of CUDA stay in a process until it ends, with the card they report.
 */

const request: ChildRequest = JSON.parse(await readFile(process.argv[2]!, 'utf8'))

// Before ONNX Runtime opens its provider, which then finds these libraries in the process and looks for no others.
const addon = { exports: {} as () => string }
process.dlopen(addon, request.report)
const report = (): RawCounts => JSON.parse(addon.exports())

const require = createRequire(request.model)
const ort: typeof Ort = require(request.runtime)

const measured = async <T>(work: () => Promise<T>): Promise<readonly [ChildPhase, T | Error]> => {
  const began = performance.now()
  const result = await work().catch((error: unknown) =>
    error instanceof Error ? error : Error(String(error)),
  )
  return [{ seconds: (performance.now() - began) / 1000, counts: report() }, result]
}

const zeros = (shape: readonly number[]): Ort.Tensor =>
  new ort.Tensor('float32', new Float32Array(shape.reduce((product, size) => product * size, 1)), shape)

/** Logs the placement of nodes. A strict session does not name the nodes that it refuses on the CPU; a lenient one does. */
const logPlacement = async (model: Uint8Array): Promise<void> => {
  const { extra, ...options } = request.sessionOptions
  const { disable_cpu_ep_fallback: strict, ...session } = (extra?.['session'] ?? {}) as Record<
    string,
    unknown
  >
  if (strict === undefined) return
  await ort.InferenceSession.create(model, { ...options, extra: { ...extra, session } }).catch(() => null)
}

const answer = async (): Promise<ChildAnswer> => {
  const model = new Uint8Array(await readFile(request.model))
  const [creation, session] = await measured(() => ort.InferenceSession.create(model, request.sessionOptions))
  const runs: ChildPhase[] = []
  if (session instanceof Error) {
    await logPlacement(model)
    return { creation, runs, outputs: {}, error: session.message }
  }
  const feeds = Object.fromEntries(request.inputs.map(({ name, shape }) => [name, zeros(shape)]))
  let outputs: ChildAnswer['outputs'] = {}
  for (let run = 0; run < request.runs; run++) {
    const [phase, results] = await measured(() => session.run(feeds, { logSeverityLevel: 3 }))
    runs.push(phase)
    if (results instanceof Error) return { creation, runs, outputs, error: results.message }
    outputs = Object.fromEntries(Object.entries(results).map(([name, { dims }]) => [name, dims]))
  }
  return { creation, runs, outputs, error: null }
}

await writeFile(request.answer, JSON.stringify(await answer()))
