import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

export interface Versions {
  readonly svd_batch: string
  readonly onnxruntime: string
  readonly node: string
}

const versionIn = async (packageFile: string | URL): Promise<string> =>
  String(JSON.parse(await readFile(packageFile, 'utf8')).version)

/** What made a file, for whoever has to make it again. */
export const readVersions = async (): Promise<Versions> => ({
  svd_batch: await versionIn(new URL('../../package.json', import.meta.url)),
  onnxruntime: await versionIn(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
  node: process.versions.node,
})
