import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { formatBytes } from '../../shared/size-text.ts'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import { encodeModel, type LocateWeight } from '../compiler/graph/encode-onnx.ts'
import { PROVIDER_RELEASE } from '../cuda/provider-release.ts'
import { addClipOptions, clipShapeOf } from './clip-options.ts'
import { guideAsJson, guideAsText } from './export-guide.ts'
import { exportedGraphs } from './exported-graphs.ts'
import { assertNewFolder, fillNewFolder } from './new-folder.ts'
import type { Surroundings } from './surroundings.ts'
import { addTargetOptions, type TargetOptions, targetsOf } from './target-options.ts'
import { readVersions } from './versions.ts'
import { placeWeights, type WeightNames, weightNamesOf } from './weight-copies.ts'

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

const locateIn =
  (names: WeightNames): LocateWeight =>
  ({ key, stored, offsetBytes }) => {
    const location = stored === null ? undefined : names.get(stored.file)
    if (stored === null || location === undefined) throw new InvalidInputError(key, 'has no weights')
    return { location, offsetBytes: stored.offsetBytes + offsetBytes }
  }

/** Throws InvalidInputError, and the signal's reason when that aborts; nothing is left then. */
export const runCompile = async (
  options: CompileOptions,
  { stdout, signal }: Pick<Surroundings, 'stdout' | 'signal'>,
): Promise<void> => {
  const { variant, output } = options
  await assertNewFolder('--output', output)
  const checkpoint = await openCheckpoint(options.checkpoint, variant === undefined ? {} : { variant })
  const shape = clipShapeOf({ ...options }, checkpoint, targetsOf(options, checkpoint))
  const graphs = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
  graphs.checkWeights()
  const names = weightNamesOf(checkpoint)
  const exported = exportedGraphs(graphs, shape)
  const guide = guideAsJson(exported, shape, await readVersions())
  const lines: string[] = []
  await fillNewFolder('--output', output, async (folder) => {
    await placeWeights(names, folder, { placement: options.linkWeights ? 'link' : 'copy', signal })
    for (const { file, graph } of exported) {
      signal.throwIfAborted()
      const bytes = encodeModel(graph, locateIn(names))
      await writeFile(path.join(folder, file), bytes)
      lines.push(`${path.join(output, file)}  ${graph.nodes.length} nodes, ${formatBytes(bytes.length)}\n`)
    }
    await writeFile(path.join(folder, 'graphs.json'), `${JSON.stringify(guide, null, 2)}\n`)
    await writeFile(path.join(folder, 'README.md'), guideAsText(guide))
  })
  stdout.write([...lines, `${path.join(output, 'README.md')}  inputs and outputs\n`].join(''))
}
