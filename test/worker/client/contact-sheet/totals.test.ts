import { expect, test } from 'vitest'
import { totalsOf } from '../../../../worker/client/contact-sheet/totals.ts'
import { aSheetJob } from './a-sheet-job.ts'

test('the time of a batch starts at its first submit, and its pace at its first start', () => {
  const jobs = [
    aSheetJob({ cost_usd: 0.5, device_seconds: 10 }),
    aSheetJob({
      ...{ sourceKey: 'images/b.png', started_at: '2026-11-24T12:01:00.000Z' },
      ...{ finished_at: '2026-11-24T12:02:05.000Z', cost_usd: null, device_seconds: 20 },
    }),
    aSheetJob({ sourceKey: 'images/c.png', state: 'cancelled' }),
  ]
  expect(totalsOf(jobs)).toEqual({
    ...{ succeeded: 2, failed: 0, cancelled: 1, open: 0, clips: 2, warned: 0 },
    // 12:00:00 to 12:02:05; two clips from 12:00:05 on, in two minutes.
    ...{ spanSeconds: 125, clipsPerHour: 60, deviceSeconds: 43.7, costUsd: 0.5 },
  })
})

test('a batch without jobs has no pace and no cost', () => {
  expect(totalsOf([])).toMatchObject({ clips: 0, spanSeconds: null, clipsPerHour: null, costUsd: null })
})
