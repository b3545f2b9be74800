import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { hashModel, type ModelRecord, modelIdSchema } from '../../shared/contracts/model-record.ts'
import { encodeDefaults } from '../../shared/contracts/parameters-document.ts'
import { usesGuidance } from '../../shared/contracts/render-parameters.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip, vaeScaleFactor } from '../compiler/compile.ts'
import { cpuTargets } from '../compiler/targets/clip-targets.ts'
import { hashCheckpoint } from './identify-model.ts'
import type { OnModelProgress } from './model-progress.ts'

export interface DescribeOptions {
  readonly modelId: string
  /** Variant for `openCheckpoint`; `null` for the files without a variant, else the only variant there is. */
  readonly variant: string | null
  readonly onProgress?: OnModelProgress
}

/** Throws InvalidInputError unless the checkpoint holds the networks' tensors, all and no others. */
const assertComplete = (checkpoint: Checkpoint): void => {
  const { defaults } = checkpoint
  const guidance = usesGuidance(defaults)
  compileClip(checkpoint, {
    ...defaults,
    guidance,
    targets: cpuTargets(),
    feedForwardChunks: 1,
  }).checkWeights()
}

export const parseModelId = (field: string, text: string): string => {
  if (modelIdSchema.safeParse(text).success) return text
  throw new InvalidInputError(
    field,
    `got '${text}'; must be up to 100 letters, digits, '.', '_' and '-', with a letter or digit first`,
  )
}

/**
 * Describes a checkpoint for ingest and workers: its files with their SHA-256, its defaults, its identity.
 * Throws InvalidInputError for a checkpoint that cannot render.
 */
export const describeModel = async (
  dir: string,
  { modelId, variant, onProgress = () => {} }: DescribeOptions,
  signal: AbortSignal,
): Promise<ModelRecord> => {
  const checkpoint = await openCheckpoint(dir, variant === null ? {} : { variant })
  assertComplete(checkpoint)
  const identity = await hashCheckpoint(checkpoint, onProgress, signal)
  return {
    version: 1,
    model_id: parseModelId('model id', modelId),
    sha256: hashModel(identity),
    ...identity,
    defaults: encodeDefaults(checkpoint.defaults),
    vae_scale_factor: vaeScaleFactor(checkpoint.vae.config),
  }
}
