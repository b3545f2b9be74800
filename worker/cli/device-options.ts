import { cpus } from 'node:os'
import { type Command, Option } from 'commander'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { PRECISIONS, type Precision } from '../compiler/targets/clip-targets.ts'
import { readCards, smVersionOf } from '../cuda/cards.ts'
import {
  chooseDevice,
  DEVICE_RULE,
  type DeviceProbes,
  type DeviceRequest,
  parseDeviceRequest,
} from '../cuda/choose-device.ts'
import { cudaFixes } from '../cuda/cuda-fixes.ts'
import { assertCudaPlatform } from '../cuda/cuda-platform.ts'
import { type CudaState, cudaFaults, readCudaState } from '../cuda/cuda-state.ts'
import type { DeviceChoice } from '../engine/device.ts'
import type { CommandContext } from './command-context.ts'
import { type CudaTarget, thisCudaTarget } from './cuda/target.ts'

export interface DeviceOptions {
  /** Not parsed yet. */
  readonly device?: string
  readonly precision?: Precision
}

export const DEVICE_VARIABLE = 'SVD_DEVICE'

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

/** The device that a command renders on. */
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
  environment: CommandContext['environment'],
): { readonly field: string; readonly request: DeviceRequest } => {
  const field = device === undefined ? DEVICE_VARIABLE : '--device'
  const text = device ?? (environment[DEVICE_VARIABLE] || 'auto')
  return { field, request: parseDeviceRequest(field, text) }
}

/** Throws InvalidInputError, and an error that says why a card that was asked for cannot be used. */
export const chooseClipDevice = async (
  { device, precision }: DeviceOptions,
  { environment, deviceProbes }: Pick<CommandContext, 'environment' | 'deviceProbes'>,
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

/**
 * This machine's cards and what of CUDA is missing on it, for processes that are started with `environment`. The
 * provider's libraries are hashed once: with a damaged one, a card computes anything.
 */
export const machineProbes = (
  environment: CommandContext['environment'],
  findTarget: () => CudaTarget = () => thisCudaTarget(environment),
): DeviceProbes => {
  const examine = async (): Promise<CudaState> => {
    const target = findTarget()
    assertCudaPlatform(target.platform)
    return await readCudaState(target, 'hashes', AbortSignal.any([]))
  }
  let state: Promise<CudaState> | undefined
  const readState = (): Promise<CudaState> => {
    state ??= examine()
    return state
  }
  return {
    readCards: () => readCards(environment),
    readCudaFaults: async () => cudaFaults(await readState()),
    readCudaFixes: async () => cudaFixes(await readState()),
  }
}
