import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

const require = createRequire(import.meta.url)

/** A package of this project has these files of onnxruntime-node for some platforms; a checkout has none. */
const BUNDLED = fileURLToPath(new URL('../../onnxruntime-node', import.meta.url))
const INSTALLED = 'onnxruntime-node'

const hasFilesForThisPlatform = (packageDir: string): boolean =>
  existsSync(path.join(packageDir, 'bin/napi-v6', process.platform, process.arch))

const versionOf = (module: string): string => require(`${module}/package.json`).version

/** Throws if npm did not install the version of the bundled files beside the package. */
const assertInstalled = (): void => {
  const version = versionOf(BUNDLED)
  const fix = `install it beside svd-batch with: npm install ${INSTALLED}@${version} (-g if svd-batch is global)`
  let found: string
  try {
    found = versionOf(INSTALLED)
  } catch {
    const platform = `${process.platform}-${process.arch}`
    throw new InvalidInputError(INSTALLED, `is not in the package svd-batch for ${platform}; ${fix}`)
  }
  if (found !== version) throw new InvalidInputError(INSTALLED, `got ${found}; must be ${version}; ${fix}`)
}

/**
 * Module that Node loads as onnxruntime-node: the bundled files if they are for this platform, else the package that
 * npm installed. Throws InvalidInputError if a package of this project has neither; in a checkout npm has always
 * installed it.
 */
export const findRuntimeModule = (): string => {
  if (!existsSync(BUNDLED)) return INSTALLED
  if (hasFilesForThisPlatform(BUNDLED)) return BUNDLED
  assertInstalled()
  return INSTALLED
}

/** The folder of the onnxruntime-node package that this project runs. Throws as `findRuntimeModule` does. */
export const findRuntimePackage = (): string =>
  path.dirname(require.resolve(`${findRuntimeModule()}/package.json`))

/** The folder of the runtime's libraries for Linux on x86-64, in which ONNX Runtime searches for its providers. */
export const librariesOf = (packageDir: string): string => path.join(packageDir, 'bin/napi-v6/linux/x64')
