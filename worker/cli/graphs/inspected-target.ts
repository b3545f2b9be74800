import type { Command } from 'commander'
import type { Precision, TargetName } from '../../compiler/targets/clip-targets.ts'
import { type ClipDevice, chooseClipDevice } from '../../device/clip-device.ts'
import type { CudaCard } from '../../engine/memory/cuda-memory.ts'
import type { TargetOptions } from '../../export/targets-of.ts'
import type { CommandContext } from '../command-context.ts'
import { deviceOption } from '../device-options.ts'
import { targetOption, targetPrecisionOption } from './target-options.ts'

/** Adds the options that choose the graphs to count: those of a target on any machine, or of this machine's device. */
export const addInspectedTargetOptions = (command: Command): Command =>
  command
    .addOption(targetOption().conflicts('device'))
    .addOption(deviceOption())
    .addOption(targetPrecisionOption())

export interface InspectedTargetOptions {
  readonly target?: TargetName
  /** Not parsed yet. */
  readonly device?: string
  readonly precision?: Precision
}

export interface InspectedTarget {
  readonly target: TargetOptions
  /** Card of the device; `null` if the graphs are for any card, or for the CPU. */
  readonly card: CudaCard | null
  /** Device of this machine; `null` if a target was asked for. */
  readonly device: ClipDevice | null
}

/**
 * Chooses the target whose graphs are counted. A target in the options has precedence over `SVD_DEVICE`. Throws
 * InvalidInputError, and an error with the reason if a card that was asked for cannot be used.
 */
export const chooseInspectedTarget = async (
  { target, device: askedDevice, precision }: InspectedTargetOptions,
  context: Pick<CommandContext, 'environment' | 'deviceProbes'>,
): Promise<InspectedTarget> => {
  const asked = precision === undefined ? {} : { precision }
  if (target !== undefined) return { target: { target, ...asked }, card: null, device: null }
  const device = await chooseClipDevice(
    { ...asked, ...(askedDevice === undefined ? {} : { device: askedDevice }) },
    context,
  )
  const { choice } = device
  if (choice.provider === 'cpu') return { target: { target: 'cpu' }, card: null, device }
  const { precision: chosen, computeCapability } = choice
  return { target: { target: 'cuda', precision: chosen }, card: { computeCapability }, device }
}
