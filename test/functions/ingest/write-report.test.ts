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

describe('writeReport', () => {
  test("puts the report's state into its S3 metadata, so that reports are counted without reading them", async () => {
    const { output } = ingestSetup()
    await writeReport(output, aReport({ state: 'partly' }), SIGNAL)
    expect((await output.head(reportKey(KEY), SIGNAL))?.metadata).toMatchObject({ 'report-state': 'partly' })
    await writeReport(output, aReport({ state: 'accepted' }), SIGNAL)
    expect((await output.head(reportKey(KEY), SIGNAL))?.metadata).toMatchObject({
      'report-state': 'accepted',
    })
  })

  test('replaces a report on an earlier upload', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport({ sequencer: '00A5' }), SIGNAL)
    await writeReport(output, aReport({ sequencer: '00A500B', etag: '"2"' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ etag: '"2"', sequencer: '00A500B' })
  })

  test('does not replace a report on a later upload', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport({ sequencer: '00A6', etag: '"2"' }), SIGNAL)
    await writeReport(output, aReport({ sequencer: '00A5FF' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ etag: '"2"' })
  })

  test('replaces a report on the same upload', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport(), SIGNAL)
    await writeReport(output, aReport({ state: 'accepted' }), SIGNAL)
    expect((await report(KEY))?.state).toBe('accepted')
  })

  test('keeps the sequencer of a report on the same content when it has none itself', async () => {
    const { output, report } = ingestSetup()
    await writeReport(output, aReport({ sequencer: '00A5' }), SIGNAL)
    await writeReport(output, aReport({ sequencer: null, state: 'accepted' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ state: 'accepted', sequencer: '00A5' })
    await writeReport(output, aReport({ sequencer: null, etag: '"2"' }), SIGNAL)
    expect(await report(KEY)).toMatchObject({ etag: '"2"', sequencer: null })
  })

  test('reads again when another run wrote the report meanwhile, and keeps a later one', async () => {
    let races = 2
    const setup = ingestSetup({
      outputFaults: {
        async before(operation) {
          if (operation !== 'create' && operation !== 'replace') return
          races -= 1
          if (races < 0) return
          // Another process writes, without a conflict of its own.
          const other = aReport({ sequencer: races === 1 ? '00A4' : '00A6', etag: `"other ${races}"` })
          await writeReport(setup.output, other, SIGNAL)
        },
      },
    })
    await writeReport(setup.output, aReport(), SIGNAL)
    expect((await setup.report(KEY))?.etag).toBe('"other 0"')
  })

  test('fails after five conflicting writes', async () => {
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
