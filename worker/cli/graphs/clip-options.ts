import type { Command } from 'commander'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import {
  decodeChunkOf,
  resolveParameters,
  stepsOf,
  usesGuidance,
} from '../../../shared/contracts/render-parameters.ts'
import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import { vaeScaleFactor } from '../../compiler/compile.ts'
import type { Targets } from '../../compiler/targets/target.ts'
import { addArgumentOptions, readArguments, SIZE_OPTIONS, spellOption } from '../argument-options.ts'

/** Options of the commands that build graphs without rendering. */
export const addClipOptions = (command: Command): Command =>
  addArgumentOptions(command.optionsGroup('Clip:'), SIZE_OPTIONS).option(
    '--no-guidance',
    'one pass a step (two, unless the checkpoint says a max_guidance_scale of at most 1)',
  )

/** Typed options over the checkpoint's defaults. Throws InvalidInputError. */
export const clipShapeOf = (
  parsed: Readonly<Record<string, unknown>>,
  checkpoint: Checkpoint,
  targets: Targets,
): ClipShape => {
  const given = parseRenderArguments(readArguments(parsed, SIZE_OPTIONS), spellOption)
  const parameters = resolveParameters(given, checkpoint.defaults, {
    vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config),
    spell: spellOption,
  })
  const { width, height, numFrames } = parameters
  return {
    width,
    height,
    numFrames,
    targets,
    guidance: parsed['guidance'] !== false && usesGuidance(parameters),
    steps: stepsOf(parameters),
    decodeChunk: Math.min(numFrames, decodeChunkOf(parameters)),
  }
}
