import { expect, test } from 'vitest'
import { parseScheduleEvent } from '../../../functions/dispatch/schedule-event.ts'

const EVENT = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '111122223333',
  time: '2026-01-02T03:04:00Z',
  region: 'eu-central-1',
  resources: ['arn:aws:events:eu-central-1:111122223333:rule/every-minute'],
  detail: {},
}

test('parseScheduleEvent returns id and time of an EventBridge event', () => {
  expect(parseScheduleEvent(EVENT)).toEqual({ id: EVENT.id, time: EVENT.time })
})

test.each([[{}], [null], [{ ...EVENT, id: undefined }], [{ ...EVENT, time: 'now' }]])(
  'parseScheduleEvent refuses %j',
  (event) => {
    expect(() => parseScheduleEvent(event)).toThrow()
  },
)
