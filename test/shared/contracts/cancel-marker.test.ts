import { describe, expect, test } from 'vitest'
import { encodeCancelMarker, requesterOf } from '../../../shared/contracts/cancel-marker.ts'

const ID = '0123456789abcdef0123456789abcdef'
const NOW = new Date('2026-01-02T03:04:05.000Z')

const encode = (marker: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(marker))

describe('the cancel marker of a job', () => {
  test('has exactly the documented keys', () => {
    expect(JSON.parse(new TextDecoder().decode(encodeCancelMarker(ID, 'ingest', NOW)))).toEqual({
      version: 1,
      job_id: ID,
      requested_by: 'ingest',
      requested_at: '2026-01-02T03:04:05.000Z',
    })
  })

  test.each(['person', 'ingest'] as const)('names %s as requester', (requester) => {
    expect(requesterOf(encodeCancelMarker(ID, requester, NOW))).toBe(requester)
  })

  test.each([
    ['without a requester', encode({ version: 1, job_id: ID, requested_at: NOW.toISOString() })],
    ['empty', new Uint8Array()],
    ['of an unknown requester', encode({ version: 1, job_id: ID, requested_by: 'x', requested_at: NOW })],
  ])('that is %s counts as requested by a person', (_, marker) => {
    expect(requesterOf(marker)).toBe('person')
  })
})
