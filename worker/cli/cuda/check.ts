import type { Command } from 'commander'
import { assertCudaPlatform } from '../../cuda/cuda-platform.ts'
import { isCudaReady, readCudaState } from '../../cuda/cuda-state.ts'
import { type CudaTarget, thisCudaTarget } from '../../cuda/cuda-target.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { cudaStateDocument, formatCudaState } from './report.ts'

const NOTES = `
Exit code 1 if anything is missing. No GPU is used: whether it works shows when something is rendered with it.
`

export const addCudaCheckOptions = (command: Command): Command =>
  command
    .summary('check that CUDA can be loaded')
    .description(
      "Checks that ONNX Runtime's CUDA provider is installed and is the pinned one, and that the dynamic loader " +
        "finds the driver and NVIDIA's libraries.",
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)

export interface CudaCheckOptions {
  readonly json?: true
}

/** Returns the exit code. Throws InvalidInputError. */
export const runCudaCheck = async (
  options: CudaCheckOptions,
  { environment, stdout, signal }: Pick<CommandContext, 'environment' | 'stdout' | 'signal'>,
  target: CudaTarget = thisCudaTarget(environment),
): Promise<number> => {
  assertCudaPlatform(target.platform)
  const state = await readCudaState(target, 'hashes', signal)
  const document = cudaStateDocument(state, target)
  stdout.write(options.json ? `${JSON.stringify(document, null, 2)}\n` : formatCudaState(state, target))
  return isCudaReady(state) ? EXIT_DONE : EXIT_FAILURE
}
