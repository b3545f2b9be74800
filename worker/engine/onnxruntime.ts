import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import { once } from '../../shared/once.ts'
import { findRuntimeModule } from '../cuda/runtime-package.ts'

const require = createRequire(import.meta.url)

/**
 * ONNX Runtime, wherever its files are; types are imported from onnxruntime-node. The first call loads the native
 * library, so that commands that need none run where it has no build. Throws InvalidInputError if it is not there.
 */
export const onnxruntime = once((): typeof Ort => require(findRuntimeModule()))
