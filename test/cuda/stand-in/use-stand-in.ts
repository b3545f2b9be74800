import childProcess from 'node:child_process'
import { createRequire, registerHooks, syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Ort from 'onnxruntime-node'

/*
 * Loaded before a program (`node --import`): its CUDA is the stand-in, and its onnxruntime-node is the copy that has the
 * CUDA provider. The program itself is the product's, unchanged.
 */

const variable = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

// Before ONNX Runtime opens its provider, which then finds these libraries in the process and looks for no others.
process.dlopen({ exports: {} }, variable('SVD_STAND_IN_REPORT'))

const runtime = variable('SVD_STAND_IN_RUNTIME')
const REPLACED: Readonly<Record<string, { readonly file: string; readonly format: string }>> = {
  'onnxruntime-node': { file: 'dist/index.js', format: 'commonjs' },
  'onnxruntime-node/package.json': { file: 'package.json', format: 'json' },
}

registerHooks({
  resolve(specifier, context, next) {
    const replaced = REPLACED[specifier]
    if (replaced === undefined) return next(specifier, context)
    const { file, format } = replaced
    return { url: pathToFileURL(path.join(runtime, file)).href, format, shortCircuit: true }
  },
})

/** The product's processes get an allow-list of variables. Here they get those of the stand-in as well. */
const passVariablesOn = (): void => {
  const isOwn = (name: string): boolean => name.startsWith('SVD_STAND_IN_') || name === 'NODE_OPTIONS'
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => isOwn(name)))
  const withOwn = (given: unknown): unknown =>
    typeof given === 'object' && given !== null && 'env' in given
      ? { ...given, env: { ...own, ...(given.env as NodeJS.ProcessEnv) } }
      : given
  for (const name of ['spawn', 'fork', 'execFile'] as const) {
    const start = childProcess[name] as (...given: readonly unknown[]) => unknown
    Object.assign(childProcess, { [name]: (...given: readonly unknown[]) => start(...given.map(withOwn)) })
  }
  syncBuiltinESMExports()
}
passVariablesOn()

/** The graph that a worker runs at its start is a sum, which no kernel computes here. All before its result is the provider's. */
const putSumsIntoResults = (): void => {
  const { InferenceSession }: typeof Ort = createRequire(import.meta.url)(runtime)
  const { create } = InferenceSession
  const createAdding = async (...given: Parameters<typeof create>): Promise<Ort.InferenceSession> => {
    const session = await create(...given)
    const run = session.run.bind(session)
    session.run = async ({ a, b, ...others }: Ort.InferenceSession.FeedsType) => {
      const results = await run({ a, b, ...others } as Ort.InferenceSession.FeedsType)
      const [left, right, sums] = [a?.data, b?.data, results['y']?.data] as Float32Array[]
      left?.forEach((value, i) => {
        sums![i] = value + right![i]!
      })
      return results
    }
    return session
  }
  Object.assign(InferenceSession, { create: createAdding })
}

const isProbe = process.argv[1]?.endsWith('probe-runtime.ts') ?? false
if (isProbe && process.env['SVD_STAND_IN_PROBE'] === 'adds') putSumsIntoResults()
