import { expect, test } from 'vitest'
import { signedEventSchema } from '../../../shared/contracts/signed-event.ts'
import { signEvent } from '../../../shared/events/sign-event.ts'
import { aRequestEnded } from '../../fixtures/pipeline-events.ts'

const NOW = new Date('2026-01-02T03:04:05.678Z')

test('a signed event has the time, the JSON text of the event and the HMAC of both', () => {
  const event = aRequestEnded(1, { context: { text: 'ü "quoted"' } })
  const signed = signedEventSchema.parse(signEvent(event, 'secret', NOW))

  expect(signed.signed_at).toBe('2026-01-02T03:04:05.678Z')
  expect(signed.payload).toBe(JSON.stringify(event))
  // Python: hmac.new(b'secret', f'{signed_at}.{payload}'.encode(), 'sha256').hexdigest()
  expect(signed.hmac_sha256).toBe('b6a8cfd24dc2ca010b6e7fab85adb6eb29fa27b9b3d98f787597c038bb735d21')
})

test('another secret, another time and another event give other signatures', () => {
  const signatures = [
    signEvent(aRequestEnded(1), 'secret', NOW),
    signEvent(aRequestEnded(1), 'other', NOW),
    signEvent(aRequestEnded(1), 'secret', new Date(NOW.getTime() + 1)),
    signEvent(aRequestEnded(2), 'secret', NOW),
  ].map(({ hmac_sha256 }) => hmac_sha256)

  expect(new Set(signatures).size).toBe(4)
})
