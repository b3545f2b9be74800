import path from 'node:path'
import type { Command } from 'commander'
import { assertNewFolder } from '../../../shared/files/new-folder.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts'
import { PROVIDER_RELEASE } from '../../cuda/provider-release.ts'
import { type TargetOptions, targetsOf } from '../../export/targets-of.ts'
import { writeGraphs } from '../../export/write-graphs.ts'
import type { CommandContext } from '../command-context.ts'
import { addClipOptions, clipShapeOf } from './clip-options.ts'
import { addTargetOptions } from './target-options.ts'

const NOTES = `
Writes image_encoder, vae_encoder, conditioning, time_shifts, denoise_step, unet and vae_decoder as .onnx files, and
README.md and graphs.json that tell their inputs and outputs. The weights are not converted: the graphs point into the checkpoint's
own safetensors files, which are copied beside them (for free where the file system can clone).

--target cpu writes portable graphs for ONNX Runtime. Those of --target cuda need its CUDA provider, since operators such
as NhwcConv have no kernel elsewhere: ONNX Runtime ${PROVIDER_RELEASE.version}, a card of compute capability 7.5 or newer, and graph
optimizations left on, because they lay out the weights at loading. In fp16 the VAE's encoder stays in fp32 if the
checkpoint says force_upcast.
`

export const addCompileOptions = (command: Command): Command => {
  command
    .summary('write a checkpoint as ONNX files')
    .description('Writes the networks of a checkpoint as ONNX files for ONNX Runtime in any language.')
    .requiredOption('-c, --checkpoint <dir>', 'Stable Video Diffusion as a diffusers folder')
    .option('--variant <name>', 'weight files of that name, such as fp16')
    .requiredOption('-o, --output <dir>', 'a new folder')
    .option('--link-weights', 'hard-link the weight files: no disk space, but onnx.checker refuses links')
  return addClipOptions(addTargetOptions(command)).addHelpText('after', NOTES)
}

export interface CompileOptions extends TargetOptions {
  readonly checkpoint: string
  readonly variant?: string
  readonly output: string
  readonly linkWeights?: true
}

/** Throws InvalidInputError, and the signal's reason when that aborts; nothing is left then. */
export const runCompile = async (
  options: CompileOptions,
  { stdout, signal }: Pick<CommandContext, 'stdout' | 'signal'>,
): Promise<void> => {
  const { variant, output } = options
  await assertNewFolder('--output', output)
  const checkpoint = await openCheckpoint(options.checkpoint, variant === undefined ? {} : { variant })
  const shape = clipShapeOf({ ...options }, checkpoint, targetsOf(options, checkpoint))
  const placement = options.linkWeights ? 'link' : 'copy'
  const written = await writeGraphs(checkpoint, shape, { output, field: '--output', placement, signal })
  const lines = written.map(({ file, graph, sizeBytes }) => {
    const nodes = `${graph.nodes.length} nodes, ${formatBytes(sizeBytes)}`
    return `${path.join(output, file)}  ${nodes}\n`
  })
  stdout.write([...lines, `${path.join(output, 'README.md')}  inputs and outputs\n`].join(''))
}
