import { findKnownConfigs } from '../../checkpoint/known-configs.ts'
import { type Checkpoint, openCheckpoint } from '../../checkpoint/open-checkpoint.ts'
import type { CommandContext } from '../command-context.ts'

/** Help of `--checkpoint` in commands that read no weights. */
export const CONFIGS_HELP =
  'Stable Video Diffusion as a diffusers folder, of which configs are enough; or svd-xt: built-in configs, unless a folder here has that name'

export interface ConfigsOptions {
  readonly checkpoint: string
  readonly variant?: string
}

/**
 * Opens a checkpoint of which configs are enough: a folder, or built-in configs by their name, which stderr reports then.
 * Throws InvalidInputError.
 */
export const openConfigs = async (
  { checkpoint, variant }: ConfigsOptions,
  { stderr }: Pick<CommandContext, 'stderr'>,
): Promise<Checkpoint> => {
  const builtIn = await findKnownConfigs(checkpoint)
  if (builtIn !== null) {
    stderr.write(`${checkpoint}: takes the built-in configs, because there is no such folder here\n`)
  }
  return await openCheckpoint(builtIn ?? checkpoint, {
    weights: 'optional',
    ...(variant === undefined ? {} : { variant }),
  })
}
