import path from 'node:path'
import { type Command, Option } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { assertCudaPlatform } from '../../cuda/cuda-platform.ts'
import { type CudaMachine, readCudaState } from '../../cuda/cuda-state.ts'
import { type CudaTarget, thisCudaTarget } from '../../cuda/cuda-target.ts'
import { installProvider, type WheelSource } from '../../cuda/install-provider.ts'
import { checkRuntimeFits } from '../../cuda/installed-provider.ts'
import { DEFAULT_INDEX_URL, readPackageIndex } from '../../cuda/package-index.ts'
import { librariesOf } from '../../cuda/runtime-package.ts'
import type { CommandContext } from '../command-context.ts'
import { openByteProgress } from '../terminal/byte-progress.ts'
import { cudaStateDocument, formatCudaState } from './report.ts'

const NOTES = `
The provider is in the wheel onnxruntime-gpu on PyPI, 250 MB, which is verified by SHA-256. No Python is needed. Then
it reports which of NVIDIA's own libraries are missing, as svd cuda check does. Exit code 0 if the provider is
installed, also where libraries are missing.

Behind a proxy set HTTPS_PROXY and NODE_USE_ENV_PROXY=1; for a private CA NODE_EXTRA_CA_CERTS.

  svd cuda install
  svd cuda install --index-url https://pypi.example.com/simple
  svd cuda install --wheel onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl
`

export const addCudaInstallOptions = (command: Command): Command =>
  command
    .summary("install ONNX Runtime's CUDA provider")
    .description(
      "Downloads ONNX Runtime's CUDA provider, which npm does not have, and installs it beside onnxruntime-node.",
    )
    .option('--index-url <url>', `a Python package index (PIP_INDEX_URL, else ${DEFAULT_INDEX_URL})`)
    .addOption(
      new Option('--wheel <file>', 'the wheel, already downloaded; no network is used').conflicts('indexUrl'),
    )
    .option('--json', 'one JSON object')
    .option('--quiet', 'no progress')
    .addHelpText('after', NOTES)

export interface CudaInstallOptions {
  readonly indexUrl?: string
  readonly wheel?: string
  readonly json?: true
  readonly quiet?: true
}

const sourceOf = (
  { wheel, indexUrl }: CudaInstallOptions,
  environment: CommandContext['environment'],
): WheelSource =>
  wheel === undefined ? { index: readPackageIndex(indexUrl, environment) } : { file: path.resolve(wheel) }

const assertFits = async ({ packageDir, release }: CudaMachine): Promise<void> => {
  const state = await checkRuntimeFits(packageDir, release, 'hashes')
  if (state.status === 'installed') return
  throw new InvalidInputError('onnxruntime-node', `${state.fault}; run npm ci`)
}

/** Throws InvalidInputError. */
export const runCudaInstall = async (
  options: CudaInstallOptions,
  {
    environment,
    stdout,
    stderr,
    signal,
  }: Pick<CommandContext, 'environment' | 'stdout' | 'stderr' | 'signal'>,
  target: CudaTarget = thisCudaTarget(environment),
): Promise<void> => {
  assertCudaPlatform(target.platform)
  const source = sourceOf(options, environment)
  await assertFits(target)
  const folder = librariesOf(target.packageDir)
  using progress = openByteProgress(stderr, { quiet: options.quiet === true })
  const onBytes = (doneBytes: number, totalBytes: number): void =>
    progress.update({ phase: 'fetch', doneBytes, totalBytes })
  const outcome = await installProvider(folder, target.release, source, { onBytes }, signal)
  progress[Symbol.dispose]()
  const wasThere = outcome === 'was-there'
  // Its hashes were verified a moment ago.
  const state = await readCudaState(target, 'sizes', signal)
  if (options.json) {
    const document = { was_there: wasThere, ...cudaStateDocument(state, target) }
    stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    return
  }
  const done = wasThere ? 'was there already in' : 'is installed in'
  stdout.write(`The CUDA provider ${target.release.version} ${done} ${folder}\n`)
  stdout.write(formatCudaState(state, target))
}
