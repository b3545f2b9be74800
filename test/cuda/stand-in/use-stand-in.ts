import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

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
const REPLACED: Readonly<Record<string, string>> = {
  'onnxruntime-node': 'dist/index.js',
  'onnxruntime-node/package.json': 'package.json',
}

registerHooks({
  resolve(specifier, context, next) {
    const file = REPLACED[specifier]
    return next(file === undefined ? specifier : pathToFileURL(path.join(runtime, file)).href, context)
  },
})
