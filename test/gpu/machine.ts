import { machineProbes } from '../../worker/cli/device-options.ts'
import type { Precision } from '../../worker/compiler/targets/clip-targets.ts'
import { type Card as NvidiaCard, readCards } from '../../worker/cuda/cards.ts'
import { chooseDevice, parseDeviceRequest } from '../../worker/cuda/choose-device.ts'
import type { DeviceChoice } from '../../worker/engine/device.ts'

/** The card that the parts run on, or what stands in for it. */
export interface Machine {
  /** Over the stand-in kernels do nothing: results have shapes and no values, and times mean nothing. */
  readonly standIn: boolean
  readonly card: NvidiaCard
  readonly environment: Readonly<Record<string, string | undefined>>
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
  return { standIn: false, card: chosen.card, environment, execArgv: [] }
}

/** Throws if the stand-in cannot be opened here. */
export const openStandInMachine = async (
  card: 't4' | 'a10g' | 'h100',
  environment: Machine['environment'],
): Promise<Machine> => {
  // A machine with a card has no use for the stand-in, and need not have what builds it.
  const { openStandIn, standInProcess } = await import('../cuda/stand-in-card.ts')
  const { obstacle } = await openStandIn()
  if (obstacle !== null) throw new Error(`the stand-in cannot be opened: ${obstacle}`)
  const standIn = await standInProcess(card)
  const capability = { t4: [7, 5], a10g: [8, 6], h100: [9, 0] }[card]
  return {
    standIn: true,
    card: {
      uuid: 'GPU-00000000-0000-0000-0000-000000000000',
      name: `stand-in for ${card}`,
      computeCapability: { major: capability[0] ?? 0, minor: capability[1] ?? 0 },
      totalBytes: 0,
      freeBytes: 0,
      driverVersion: 'none',
    },
    environment: { ...environment, ...standIn.env },
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
