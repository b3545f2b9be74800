import { copyFile, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { inRepository } from '../image/in-repository.ts'

export const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64'

/** The C library's mathematics, which needs nothing else: a library that any loader here can load. */
const plainLibrary = (): string => {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: readonly string[] }
  const found = sharedObjects.find((file) => /\/libm[.-]/.test(file))
  if (found === undefined) throw new Error('this process has no libm')
  return found
}

/** A library that the loader can load. */
export const plainLibraryBytes = (): Promise<Buffer> => readFile(plainLibrary())

/** A folder with libraries of these names, which the loader can load. */
export const aLibraryFolder = async (names: readonly string[]): Promise<string> => {
  const folder = await temporaryDir()
  for (const name of names) await copyFile(plainLibrary(), path.join(folder, name))
  return folder
}

/** Makes `file` a library that needs `libonnxruntime.so.1` beside it. */
export const copyNeedyLibrary = async (file: string): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true })
  const binding = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node'
  await copyFile(inRepository(binding), file)
}
