import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { clipTargets, type Precision, type TargetName } from '../compiler/targets/clip-targets.ts'
import type { Targets } from '../compiler/targets/target.ts'

export interface TargetOptions {
  readonly target: TargetName
  readonly precision?: Precision
}

/** `computeCapability`: of the card; default any. Throws InvalidInputError. */
export const targetsOf = (
  { target, precision }: TargetOptions,
  { vae }: Checkpoint,
  computeCapability: number | null = null,
): Targets => {
  if (target === 'cpu' && precision === 'fp16') {
    throw new InvalidInputError(
      '--precision',
      'got fp16; the graphs of --target cpu are in fp32, so leave it out or take --target cuda',
    )
  }
  const { forceUpcast } = vae.config
  return clipTargets({ target, precision: precision ?? 'fp16', forceUpcast, computeCapability })
}
