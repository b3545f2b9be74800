import { type Command, Option } from 'commander'
import { PRECISIONS } from '../compiler/targets/clip-targets.ts'
import { DEVICE_RULE } from '../cuda/choose-device.ts'
import { DEVICE_VARIABLE } from '../device/clip-device.ts'

export const deviceOption = (): Option =>
  new Option(
    '--device <device>',
    `${DEVICE_RULE}; auto takes the first NVIDIA card if CUDA is ready (auto, ${DEVICE_VARIABLE})`,
  )

export const addDeviceOptions = (command: Command): Command =>
  command
    .addOption(deviceOption())
    .addOption(
      new Option('--precision <name>', 'of the networks (fp16 on CUDA; the CPU has fp32 alone)').choices(
        PRECISIONS,
      ),
    )
