import { formatBytes } from '../../shared/size-text.ts'
import { attentionOf } from '../cuda/card-attention.ts'
import type { Card } from '../cuda/cards.ts'
import {
  type ChosenDevice,
  chooseDevice,
  type DeviceProbes,
  type DeviceRequest,
} from '../cuda/choose-device.ts'
import { PROVIDER_RELEASE } from '../cuda/provider-release.ts'
import { type Check, type Finding, fail, ok, runCheck, warn } from './check.ts'
import type { Machine } from './machine.ts'

export interface DeviceToCheck {
  /** Name of the option or variable with the user's request: `--device` or `SVD_DEVICE`. */
  readonly field: string
  readonly request: DeviceRequest
  readonly probes: DeviceProbes
  /** Environment of the processes that render. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly machine: Pick<Machine, 'runOnCard'>
}

/** A card of which less than this share is free has another program on it. */
const FREE_SHARE = 0.8

const NO_FIX =
  "install NVIDIA's driver, start a container with --gpus all, or render on the processor: --device cpu"
const CARD_FIX = 'nvidia-smi shows the card and what runs on it; restart the machine, or replace it'

const describe = (card: Card, environment: DeviceToCheck['environment']): string => {
  const { name, computeCapability, driverVersion, freeBytes, totalBytes } = card
  const attention = attentionOf(card, environment)
  return [
    `${name}, compute capability ${computeCapability.major}.${computeCapability.minor}`,
    `driver ${driverVersion}`,
    `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`,
    `CUDA provider of ONNX Runtime ${PROVIDER_RELEASE.version}`,
    ...(attention === null ? [] : [attention]),
  ].join('; ')
}

const cardFinding = async (card: Card, { environment, machine }: DeviceToCheck): Promise<Finding> => {
  const found = describe(card, environment)
  try {
    await machine.runOnCard(card.uuid)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return fail(`${found}; a graph of one node does not run on it: ${reason}`, CARD_FIX)
  }
  return card.freeBytes >= FREE_SHARE * card.totalBytes
    ? ok(found)
    : warn(found, 'nvidia-smi lists the programs that hold the rest; stop them')
}

const fixOf = async ({ readCudaFixes }: DeviceProbes, other: string): Promise<string> => {
  const fixes = (await readCudaFixes?.().catch(() => [])) ?? []
  return fixes.length === 0 ? other : fixes.join('; ')
}

/**
 * Checks which device renders, what it is, and whether it runs a graph. A device that was requested and cannot be used
 * is a failed check. A card that `auto` passes over is a warning.
 */
export const checkDevice = (device: DeviceToCheck): Promise<Check> =>
  runCheck('device', NO_FIX, async () => {
    const { field, request, probes } = device
    let chosen: ChosenDevice
    try {
      chosen = await chooseDevice(field, request, probes)
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error), await fixOf(probes, NO_FIX))
    }
    if (chosen.provider === 'cuda') return await cardFinding(chosen.card, device)
    if (chosen.hint !== null) return warn(`the processor; ${chosen.hint}`, await fixOf(probes, CARD_FIX))
    return ok(
      request.kind === 'cpu' ? 'the processor, as asked for' : 'the processor; there is no NVIDIA card',
    )
  })
