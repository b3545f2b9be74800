import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { once } from '../../shared/once.ts'
import { RUNTIME_MODULE, runtimeFault } from '../cuda/runtime-package.ts'

const require = createRequire(import.meta.url)

/**
 * ONNX Runtime, wherever its files are; types are imported from onnxruntime-node. The first call loads the native
 * library, so that commands that need none run where it has no build. Throws InvalidInputError if it is not there.
 */
export const onnxruntime = once((): typeof Ort => {
  const fault = runtimeFault()
  if (fault !== null) throw new InvalidInputError('onnxruntime-node', fault)
  return require(RUNTIME_MODULE)
})
