import { ExecaError } from 'execa'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { cardFault } from './card-support.ts'
import type { Card } from './cards.ts'

/** Device that a user requests: `cuda` is the first card, `cuda:1` the second. */
export type DeviceRequest =
  | { readonly kind: 'auto' }
  | { readonly kind: 'cpu' }
  | { readonly kind: 'cuda'; readonly index: number }

export const DEVICE_RULE = 'auto, cpu, cuda or cuda:N'

/** Parses a device request; `undefined` if `text` breaks the rule. */
export const readDeviceRequest = (text: string): DeviceRequest | undefined => {
  if (text === 'auto' || text === 'cpu') return { kind: text }
  const [, index] = /^cuda(?::(\d{1,2}))?$/.exec(text) ?? [null, null]
  if (index === null) return undefined
  return { kind: 'cuda', index: Number(index ?? 0) }
}

/** Parses the device request in `field`, which is `--device` or `SVD_DEVICE`. Throws InvalidInputError. */
export const parseDeviceRequest = (field: string, text: string): DeviceRequest => {
  const request = readDeviceRequest(text)
  if (request === undefined) throw new InvalidInputError(field, `got '${text}'; must be ${DEVICE_RULE}`)
  return request
}

export type ChosenDevice =
  | { readonly provider: 'cpu'; readonly hint: string | null }
  | { readonly provider: 'cuda'; readonly card: Card }

/** Probes by which a device is chosen. */
export interface DeviceProbes {
  /** Reads the cards of the machine. Throws where there is no driver. */
  readCards(): Promise<readonly Card[]>
  /** Returns the faults that keep ONNX Runtime from loading its CUDA provider, each as a sentence; empty if none. */
  readCudaFaults(): Promise<readonly string[]>
  /** Returns instructions to fix those faults. */
  readCudaFixes?(): Promise<readonly string[]>
}

/**
 * Message of an error. For a program that does not start, it is the original message, because execa's own one contains
 * all arguments of the program.
 */
const messageOf = (error: unknown): string => {
  if (error instanceof ExecaError && error.originalMessage) return error.originalMessage
  return error instanceof Error ? error.message : String(error)
}

const chooseCard = async (field: string, index: number, probes: DeviceProbes): Promise<ChosenDevice> => {
  const given = `${field}: got cuda${index === 0 ? '' : `:${index}`}`
  const cards = await probes.readCards().catch((cause) => {
    const reason = messageOf(cause).split('\n')[0]
    throw new Error(`${given}, but no NVIDIA driver answers (${reason}); install one, or use cpu`, { cause })
  })
  const card = cards[index]
  if (card === undefined) {
    const names = cards.map(({ name }, i) => `cuda:${i} is ${name}`).join(', ')
    throw new Error(`${given}, but there is no such card: ${names === '' ? 'there is none' : names}`)
  }
  const fault = cardFault(card)
  if (fault !== null) throw new Error(`${given}, but ${fault}`)
  const faults = await probes.readCudaFaults()
  if (faults.length > 0) {
    throw new Error([`${given}, but CUDA cannot be loaded:`, ...faults, 'see: svd cuda check'].join('\n  '))
  }
  return { provider: 'cuda', card }
}

/** The first card if all of CUDA is there, else the CPU, with a hint if a card goes unused. */
const chooseBest = async (probes: DeviceProbes): Promise<ChosenDevice> => {
  const [card] = await probes.readCards().catch((): readonly Card[] => [])
  if (card === undefined) return { provider: 'cpu', hint: null }
  const fault = cardFault(card) ?? (await probes.readCudaFaults())[0] ?? null
  if (fault === null) return { provider: 'cuda', card }
  return { provider: 'cpu', hint: `${card.name} is not used: ${fault}; see: svd cuda check` }
}

/**
 * Chooses the device for a request. A card that was requested and cannot be used is an error, never a silent render on
 * the CPU. `field` names the option or variable of the request.
 */
export const chooseDevice = async (
  field: string,
  request: DeviceRequest,
  probes: DeviceProbes,
): Promise<ChosenDevice> => {
  if (request.kind === 'cpu') return { provider: 'cpu', hint: null }
  return request.kind === 'auto' ? await chooseBest(probes) : await chooseCard(field, request.index, probes)
}
