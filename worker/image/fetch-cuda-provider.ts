import path from 'node:path'
import { makeFolders } from '../../shared/files/make-folders.ts'
import { installProvider } from '../cuda/install-provider.ts'
import { readPackageIndex } from '../cuda/package-index.ts'
import { PROVIDER_RELEASE } from '../cuda/provider-release.ts'

/*
 * A program, for the build of the image: fetch-cuda-provider.ts DIR. Installs ONNX Runtime's CUDA provider with its
 * licences in DIR, as `svd cuda install` does beside onnxruntime-node. The index is PyPI, or the one of PIP_INDEX_URL.
 * It runs on any platform: nothing of the provider is opened, and the image that gets it is for Linux on x86-64.
 */

const fetchProvider = async (folder: string): Promise<void> => {
  await makeFolders(folder)
  const index = readPackageIndex(undefined, process.env)
  await installProvider(folder, PROVIDER_RELEASE, { index }, {}, new AbortController().signal)
}

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined || rest.length > 0) {
  process.stderr.write('usage: fetch-cuda-provider.ts DIR\n')
  process.exitCode = 2
} else {
  try {
    await fetchProvider(path.resolve(folder))
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
