import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { findRuntimePackage } from '../cuda/runtime-package.ts'

export interface Versions {
  readonly svd_batch: string
  readonly onnxruntime: string
  readonly node: string
}

const versionIn = async (packageFile: string): Promise<string> =>
  String(JSON.parse(await readFile(packageFile, 'utf8')).version)

/** Reads the version of this project. */
export const readOwnVersion = (): Promise<string> =>
  versionIn(createRequire(import.meta.url).resolve('svd-batch/package.json'))

/** Reads the versions that a result names, so that a user can make the file again. */
export const readVersions = async (): Promise<Versions> => ({
  svd_batch: await readOwnVersion(),
  onnxruntime: await versionIn(path.join(findRuntimePackage(), 'package.json')),
  node: process.versions.node,
})
