import { createRequire } from 'node:module'
import path from 'node:path'

/** The folder of the onnxruntime-node package that this project runs. */
export const findRuntimePackage = (): string =>
  path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))

/** The folder of the runtime's libraries for Linux on x86-64, in which ONNX Runtime searches for its providers. */
export const librariesOf = (packageDir: string): string => path.join(packageDir, 'bin/napi-v6/linux/x64')
