import type { Precision } from '../../worker/compiler/targets/clip-targets.ts'
import { type Card as NvidiaCard, readCards, smVersionOf } from '../../worker/cuda/cards.ts'
import { chooseDevice, parseDeviceRequest } from '../../worker/cuda/choose-device.ts'
import { machineProbes } from '../../worker/device/machine-probes.ts'
import type { DeviceChoice } from '../../worker/engine/device.ts'

/** The card that the parts run on, or what stands in for it. */
export interface Machine {
  /** Over the stand-in kernels do nothing: results have shapes and no values, and times mean nothing. */
  readonly standIn: boolean
  readonly card: NvidiaCard
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Variables of the stand-in, which a renderer's process does not get from its surroundings. */
  readonly standInEnv: Readonly<Record<string, string>>
  /** Options of Node for each process that runs networks. */
  readonly execArgv: readonly string[]
}

export const choiceOf = (
  { card }: Machine,
  precision: Precision,
): Extract<DeviceChoice, { readonly provider: 'cuda' }> => ({
  provider: 'cuda',
  uuid: card.uuid,
  precision,
  computeCapability: smVersionOf(card),
})

/** Throws if the card that was asked for cannot be used, with the product's own message. */
export const openCardMachine = async (
  device: string,
  environment: Machine['environment'],
): Promise<Machine> => {
  const chosen = await chooseDevice(
    '--device',
    parseDeviceRequest('--device', device),
    machineProbes(environment),
  )
  if (chosen.provider !== 'cuda') throw new Error(`--device: got ${device}; must be cuda or cuda:N`)
  return { standIn: false, card: chosen.card, environment, standInEnv: {}, execArgv: [] }
}

const STAND_IN_CARDS = {
  t4: { major: 7, minor: 5, memoryBytes: 15e9 },
  a10g: { major: 8, minor: 6, memoryBytes: 22e9 },
  h100: { major: 9, minor: 0, memoryBytes: 80e9 },
} as const
export type StandInCard = keyof typeof STAND_IN_CARDS
export const STAND_IN_NAMES = Object.keys(STAND_IN_CARDS) as readonly StandInCard[]

/** Throws if the stand-in cannot be opened here. */
export const openStandInMachine = async (
  card: StandInCard,
  environment: Machine['environment'],
): Promise<Machine> => {
  // A machine with a card has no use for the stand-in, and need not have what builds it.
  const { openStandIn, standInProcess } = await import('../cuda/stand-in-card.ts')
  const { obstacle } = await openStandIn()
  if (obstacle !== null) throw new Error(`the stand-in cannot be opened: ${obstacle}`)
  const standIn = await standInProcess(card)
  const { memoryBytes, ...computeCapability } = STAND_IN_CARDS[card]
  return {
    standIn: true,
    card: {
      uuid: 'GPU-00000000-0000-0000-0000-000000000000',
      name: `stand-in for ${card}`,
      computeCapability,
      totalBytes: memoryBytes,
      freeBytes: memoryBytes,
      driverVersion: 'none',
    },
    environment: { ...environment, ...standIn.env },
    standInEnv: standIn.env,
    execArgv: standIn.execArgv,
  }
}

/** Free memory now, before any process of ours is on the card. */
export const readCard = async ({ standIn, card, environment }: Machine): Promise<NvidiaCard> => {
  if (standIn) return card
  const found = (await readCards(environment)).find(({ uuid }) => uuid === card.uuid)
  if (found === undefined) throw new Error(`${card.name} is gone`)
  return found
}
