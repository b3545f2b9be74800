import type { Card } from '../../../worker/cuda/cards.ts'

/** A card that the provider runs on. */
export const aCard = (changes: Partial<Card> = {}): Card => ({
  uuid: 'GPU-11111111-2222-3333-4444-555555555555',
  name: 'NVIDIA A10G',
  computeCapability: { major: 8, minor: 6 },
  totalBytes: 23_028 * 2 ** 20,
  freeBytes: 22_500 * 2 ** 20,
  driverVersion: '580.126.09',
  ...changes,
})
