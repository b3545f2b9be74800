import { type Command, Option } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import {
  clipTargets,
  PRECISIONS,
  type Precision,
  TARGET_NAMES,
  type TargetName,
} from '../../compiler/targets/clip-targets.ts'
import type { Targets } from '../../compiler/targets/target.ts'

export const targetOption = (): Option =>
  new Option('--target <name>', 'what runs the graphs').choices(TARGET_NAMES)

export const targetPrecisionOption = (): Option =>
  new Option('--precision <name>', 'of activations (fp16 for cuda; the CPU has fp32 alone)').choices(
    PRECISIONS,
  )

/** Options of a command that builds graphs for another machine. */
export const addTargetOptions = (command: Command): Command =>
  command.addOption(targetOption().default('cpu')).addOption(targetPrecisionOption())

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
