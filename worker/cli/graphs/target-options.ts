import { type Command, Option } from 'commander'
import { PRECISIONS, TARGET_NAMES } from '../../compiler/targets/clip-targets.ts'

export const targetOption = (): Option =>
  new Option('--target <name>', 'what runs the graphs').choices(TARGET_NAMES)

export const targetPrecisionOption = (): Option =>
  new Option('--precision <name>', 'of activations (fp16 for cuda; the CPU has fp32 alone)').choices(
    PRECISIONS,
  )

/** Options of a command that builds graphs for another machine. */
export const addTargetOptions = (command: Command): Command =>
  command.addOption(targetOption().default('cpu')).addOption(targetPrecisionOption())
