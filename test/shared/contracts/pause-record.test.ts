import { expect, test } from 'vitest'
import { encodePauseRecord, parsePauseRecord } from '../../../shared/contracts/pause-record.ts'

const RECORD = { until: '2026-01-03T00:00:00.000Z', reason: 'the budget is reached' }

test('a pause record has its end and its reason', () => {
  expect(JSON.parse(new TextDecoder().decode(encodePauseRecord(RECORD)))).toEqual({ version: 1, ...RECORD })
  expect(parsePauseRecord(encodePauseRecord(RECORD))).toEqual(RECORD)
})

test.each(['', '{}', '{"version": 2}', '{"version": 1, "until": "soon", "reason": ""}'])(
  '%j is not a pause record',
  (text) => {
    expect(() => parsePauseRecord(new TextEncoder().encode(text))).toThrow()
  },
)
