import { createHmac } from 'node:crypto'
import type { PipelineEvent } from '../contracts/pipeline-event.ts'
import type { SignedEvent } from '../contracts/signed-event.ts'

/** Signs an event for a webhook's receiver; see shared/contracts/signed-event.ts. */
export const signEvent = (event: PipelineEvent, secret: string, now: Date): SignedEvent => {
  const signed_at = now.toISOString()
  const payload = JSON.stringify(event)
  const hmac_sha256 = createHmac('sha256', secret).update(`${signed_at}.${payload}`).digest('hex')
  return { signed_at, payload, hmac_sha256 }
}
