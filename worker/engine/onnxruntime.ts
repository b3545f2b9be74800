import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import { RUNTIME_MODULE, runtimeFault } from '../cuda/runtime-package.ts'

/*
 * ONNX Runtime, wherever its files are. Types are imported from onnxruntime-node.
 */
const fault = runtimeFault()
if (fault !== null) throw new Error(fault)
const runtime: typeof Ort = createRequire(import.meta.url)(RUNTIME_MODULE)

export const { InferenceSession, Tensor, env, listSupportedBackends } = runtime
