import { MESSAGE_QUEUE_CAPABILITIES } from './message-queue-capabilities.ts'
import { NOTIFICATION_CAPABILITIES } from './notification-capabilities.ts'
import { OBJECT_STORE_CAPABILITIES } from './object-store-capabilities.ts'

export const CAPABILITIES = {
  ...OBJECT_STORE_CAPABILITIES,
  ...MESSAGE_QUEUE_CAPABILITIES,
  ...NOTIFICATION_CAPABILITIES,
}

export type CapabilityName = keyof typeof CAPABILITIES

export const CAPABILITY_NAMES = Object.keys(CAPABILITIES) as readonly CapabilityName[]
