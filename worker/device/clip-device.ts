import { cpus } from 'node:os'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { Precision } from '../compiler/targets/clip-targets.ts'
import { smVersionOf } from '../cuda/cards.ts'
import {
  chooseDevice,
  type DeviceProbes,
  type DeviceRequest,
  parseDeviceRequest,
} from '../cuda/choose-device.ts'
import type { DeviceChoice } from '../engine/device.ts'

export interface DeviceOptions {
  /** Not parsed yet. */
  readonly device?: string
  readonly precision?: Precision
}

/** Variable that names the device where no option does. */
export const DEVICE_VARIABLE = 'SVD_DEVICE'

type Environment = Readonly<Record<string, string | undefined>>

interface DeviceSource {
  readonly environment: Environment
  readonly deviceProbes: DeviceProbes
}

/** The device that clips are rendered on. */
export interface ClipDevice {
  readonly choice: DeviceChoice
  /** The card's name, or the processor's. */
  readonly name: string
  readonly precision: Precision
  /** Compute capability of the card, such as `8.6`; `null` on the CPU. */
  readonly computeCapability: string | null
  readonly driverVersion: string | null
  /** Why a card that is there is not used; `null`: there is none, or it is used. */
  readonly hint: string | null
}

/** The option goes before the variable, and an empty variable is none. Throws InvalidInputError. */
export const readDeviceOption = (
  device: string | undefined,
  environment: Environment,
): { readonly field: string; readonly request: DeviceRequest } => {
  const field = device === undefined ? DEVICE_VARIABLE : '--device'
  const text = device ?? (environment[DEVICE_VARIABLE] || 'auto')
  return { field, request: parseDeviceRequest(field, text) }
}

/** Throws InvalidInputError, and an error that says why a card that was asked for cannot be used. */
export const chooseClipDevice = async (
  { device, precision }: DeviceOptions,
  { environment, deviceProbes }: DeviceSource,
): Promise<ClipDevice> => {
  const { field, request } = readDeviceOption(device, environment)
  const chosen = await chooseDevice(field, request, deviceProbes)
  if (chosen.provider === 'cuda') {
    const { uuid, name, computeCapability, driverVersion } = chosen.card
    const { major, minor } = computeCapability
    const chosenPrecision = precision ?? 'fp16'
    return {
      choice: {
        provider: 'cuda',
        uuid,
        precision: chosenPrecision,
        computeCapability: smVersionOf(chosen.card),
      },
      ...{ name, precision: chosenPrecision, driverVersion, hint: null },
      computeCapability: `${major}.${minor}`,
    }
  }
  if (precision === 'fp16') {
    throw new InvalidInputError(
      '--precision',
      'got fp16 on the CPU, which computes in fp32 alone; leave it out',
    )
  }
  const name = cpus()[0]?.model ?? 'unknown'
  const none = { computeCapability: null, driverVersion: null }
  return { choice: { provider: 'cpu' }, name, precision: 'fp32', ...none, hint: chosen.hint }
}
