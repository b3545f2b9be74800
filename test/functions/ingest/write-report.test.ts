import { describe, expect, test } from 'vitest'
import { writeReport } from '../../../functions/ingest/write-report.ts'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { ingestSetup } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal
const KEY = 'images/a.png'

const aReport = (change: Partial<IngestReport> = {}): IngestReport => ({
  ...{ version: 1, bucket: 'input', key: KEY, version_id: null, etag: '"1"', sequencer: '00A5' },
  ...{
    state: 'rejected',
    jobs: [],
    superseded: [],
    faults: [],
    more_faults: 0,
    reported_at: '2026-01-02T03:04:05.000Z',
  },
  ...change,
})

describe('a report', () => {
  test('has its state in its metadata, by which it is counted unread', async () => {
    const { output } = ingestSetup()
    await writeReport(output, aReport({ state: 'partly' }), SIGNAL)
    expect((await output.head(reportKey(KEY), SIGNAL))?.metadata).toMatchObject({ 'report-state': 'partly' })
    await writeReport(output, aReport({ state: 'accepted' }), SIGNAL)
    expect((await output.head(reportKey(KEY), SIGNAL))?.metadata).toMatchObject({
      'report-state': 'accepted',
    })
  })

  test('takes the place of one on an earlier upload', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport({ sequencer: '00A5' }), SIGNAL)
    await writeReport(output, aReport({ sequencer: '00A500B', etag: '"2"' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ etag: '"2"', sequencer: '00A500B' })
  })

  test('never takes the place of one on a later upload', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport({ sequencer: '00A6', etag: '"2"' }), SIGNAL)
    await writeReport(output, aReport({ sequencer: '00A5FF' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ etag: '"2"' })
  })

  test('takes the place of one on the same upload', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport(), SIGNAL)
    await writeReport(output, aReport({ state: 'accepted' }), SIGNAL)
    expect((await report(KEY))?.state).toBe('accepted')
  })

  test('without an order keeps that of the content it is about', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport({ sequencer: '00A5' }), SIGNAL)
    await writeReport(output, aReport({ sequencer: null, state: 'accepted' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ state: 'accepted', sequencer: '00A5' })
    await writeReport(output, aReport({ sequencer: null, etag: '"2"' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ etag: '"2"', sequencer: null })
  })

  test('looks again when another was written in between, and gives way if that is later', async () => {
    let races = 2
    const setup = ingestSetup({
      outputFaults: {
        async before(operation) {
          if (operation !== 'create' && operation !== 'replace') return
          races -= 1
          if (races < 0) return
          // By another process, which meets no one.
          const other = aReport({ sequencer: races === 1 ? '00A4' : '00A6', etag: `"other ${races}"` })
          await writeReport(setup.output, other, SIGNAL)
        },
      },
    })
    await writeReport(setup.output, aReport(), SIGNAL)
    expect((await setup.report(KEY))?.etag).toBe('"other 0"')
  })

  test('gives up when it never gets its turn', async () => {
    let writes = 0
    const setup = ingestSetup({
      outputFaults: {
        async before(operation, key) {
          if (operation !== 'replace') return
          writes += 1
          await setup.output.put(key, new Uint8Array([writes]), { contentType: 'x/y' }, SIGNAL)
        },
      },
    })
    await setup.output.put(reportKey(KEY), new Uint8Array(1), { contentType: 'x/y' }, SIGNAL)
    await expect(writeReport(setup.output, aReport(), SIGNAL)).rejects.toThrow('written by others 5 times')
  })
})
