import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

/** A package of this project has these files of onnxruntime-node for some platforms; a checkout has none. */
const BUNDLED = fileURLToPath(new URL('../../onnxruntime-node', import.meta.url))

const hasFiles = (packageDir: string): boolean =>
  existsSync(path.join(packageDir, 'bin/napi-v6', process.platform, process.arch))

/** What Node loads as onnxruntime-node: the bundled files if they are for this platform, else what npm installed. */
export const RUNTIME_MODULE: string = hasFiles(BUNDLED) ? BUNDLED : 'onnxruntime-node'

const versionOf = (module: string): string => require(`${module}/package.json`).version

/**
 * What keeps the package from running on this platform, with the command that helps; `null` if nothing does. In a
 * checkout the answer is always `null`, because npm installs onnxruntime-node there.
 */
export const runtimeFault = (): string | null => {
  if (RUNTIME_MODULE === BUNDLED || !existsSync(BUNDLED)) return null
  const version = versionOf(BUNDLED)
  const fix = `install it beside svd-batch with: npm install onnxruntime-node@${version} (-g if svd-batch is global)`
  try {
    const found = versionOf(RUNTIME_MODULE)
    return found === version ? null : `got ${found}; must be ${version}; ${fix}`
  } catch {
    const platform = `${process.platform}-${process.arch}`
    return `is not in the package svd-batch for ${platform}; ${fix}`
  }
}

/** The folder of the onnxruntime-node package that this project runs. */
export const findRuntimePackage = (): string =>
  path.dirname(require.resolve(`${RUNTIME_MODULE}/package.json`))

/** The folder of the runtime's libraries for Linux on x86-64, in which ONNX Runtime searches for its providers. */
export const librariesOf = (packageDir: string): string => path.join(packageDir, 'bin/napi-v6/linux/x64')
