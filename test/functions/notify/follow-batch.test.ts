import { describe, expect, test } from 'vitest'
import { batchKey, reportKey, resultKey } from '../../../shared/contracts/bucket-layout.ts'
import type { BatchEnded } from '../../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { IMAGE, MANIFEST, type NotifySetup, notifySetup } from './notify-setup.ts'

const batches = ({ published }: Pick<NotifySetup, 'published'>): readonly BatchEnded[] =>
  published.filter((event) => event.type === 'batch.ended')

const SEEDS = [1, 2, 3]

const aBatch = async (seeds: readonly number[] = SEEDS, header: object = {}) => {
  const setup = notifySetup()
  await setup.putImage()
  await setup.uploadManifest([{ image: IMAGE, grid: { seed: seeds } }], header)
  return setup
}

const FAILED: Partial<ResultRecord> = {
  ...{ state: 'failed', outputs: [] },
  failure: { class: 'quality', reason: 'black', quality: [], rejected: [] },
}

describe('the end of a batch', () => {
  test('is announced once, when its last job has ended, with counts and cost', async () => {
    const setup = await aBatch(SEEDS, { context: { batch: 1 } })
    const [a = '', b = '', c = ''] = setup.jobIds()
    await setup.notify(reportKey(MANIFEST))
    await setup.notify(await setup.end(b, FAILED))
    await setup.notify(await setup.end(c, { finished_at: '2026-12-01T05:00:00.000Z' }))
    expect(batches(setup)).toEqual([])
    await setup.notify(await setup.end(a, { cost_usd: null }))
    expect(batches(setup)).toEqual([
      {
        type: 'batch.ended',
        version: 1,
        event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        upload: expect.objectContaining({ kind: 'manifest', key: MANIFEST }),
        context: { batch: 1 },
        output_bucket: 'output',
        report_key: reportKey(MANIFEST),
        state: 'accepted',
        requests: 3,
        jobs: { succeeded: 2, failed: 1, cancelled: 0 },
        jobs_done_before: 0,
        rejected_items: 0,
        faults: [],
        cost_usd: 0.024,
        finished_at: '2026-12-01T05:00:00.000Z',
      },
    ])
  })

  test('is announced once for every order of job ends and for repeated events', async () => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const setup = await aBatch()
      const ids = setup.jobIds()
      for (const place of order) {
        const key = await setup.end(ids[place] ?? '')
        await setup.notify(key)
        await setup.notify(key)
        await setup.notify(reportKey(MANIFEST))
      }
      expect(batches(setup)).toHaveLength(1)
    }
  })

  test('is announced when all results exist before the first event', async () => {
    const setup = await aBatch()
    const keys: string[] = []
    for (const id of setup.jobIds()) keys.push(await setup.end(id))
    for (const key of keys.toReversed()) await setup.notify(key)
    expect(batches(setup)).toHaveLength(1)
  })

  test('is announced for a manifest without new jobs', async () => {
    const setup = await aBatch()
    for (const id of setup.jobIds()) await setup.end(id)
    await setup.uploadManifest([{ image: IMAGE, grid: { seed: SEEDS } }], {}, 'manifests/again.json')
    await setup.notify(reportKey('manifests/again.json'))
    expect(batches(setup)).toMatchObject([
      { requests: 3, jobs_done_before: 3, jobs: { succeeded: 3 }, cost_usd: null },
    ])
  })

  test.each([
    ['whose items were all rejected', [{ image: 'images/absent.png' }, { image: 'images/none.png' }], 2],
    ['whose one item is not an object', [7], 1],
  ])('is announced for a manifest %s', async (_, items, rejected_items) => {
    const setup = notifySetup()
    await setup.uploadManifest(items as readonly object[], { context: { batch: 1 } })
    await setup.notify(reportKey(MANIFEST))
    expect(setup.published).toMatchObject([
      { type: 'batch.ended', state: 'rejected', requests: 0, rejected_items, context: { batch: 1 } },
    ])
    expect(batches(setup)[0]?.faults).toHaveLength(rejected_items)
  })

  test('counts a job once that several items share', async () => {
    const setup = notifySetup()
    await setup.putImage()
    await setup.uploadManifest([{ image: IMAGE }, { image: IMAGE }])
    await setup.notify(await setup.end(setup.jobIds()[0] ?? ''))
    expect(batches(setup)).toMatchObject([{ requests: 2, jobs: { succeeded: 1 }, cost_usd: 0.012 }])
  })

  test('is announced again when all redriven jobs have ended', async () => {
    const setup = await aBatch()
    const [a = '', b = '', c = ''] = setup.jobIds()
    for (const id of [a, b]) await setup.notify(await setup.end(id, FAILED))
    await setup.notify(await setup.end(c))
    expect(batches(setup)).toMatchObject([{ jobs: { failed: 2, succeeded: 1 } }])
    await setup.bringBack(a)
    await setup.bringBack(b)
    setup.wait(60_000)
    await setup.notify(await setup.end(b, { attempt: 2 }))
    expect(batches(setup)).toHaveLength(1)
    await setup.notify(await setup.end(a, { attempt: 2 }))
    expect(batches(setup)).toMatchObject([{}, { jobs: { failed: 0, succeeded: 3 } }])
    expect(new Set(batches(setup).map(({ event_id }) => event_id)).size).toBe(2)
  })

  test('waits for a job that was redriven before the batch had ended', async () => {
    const setup = await aBatch()
    const [a = '', b = '', c = ''] = setup.jobIds()
    await setup.notify(await setup.end(c, FAILED))
    await setup.notify(await setup.end(b))
    await setup.bringBack(c)
    await setup.notify(await setup.end(a))
    expect(batches(setup)).toEqual([])
    await setup.notify(await setup.end(c, { attempt: 2 }))
    expect(batches(setup)).toMatchObject([{ jobs: { succeeded: 3 } }])
  })

  test('has another event id when the manifest is uploaded again', async () => {
    const setup = await aBatch()
    for (const id of setup.jobIds()) await setup.notify(await setup.end(id))
    await setup.uploadManifest([{ image: IMAGE, grid: { seed: SEEDS } }])
    await setup.notify(reportKey(MANIFEST))
    expect(new Set(batches(setup).map(({ event_id }) => event_id)).size).toBe(2)
  })

  test('has the context of the newest report', async () => {
    const setup = await aBatch([1, 2], { context: { batch: 1 } })
    const [a = '', b = ''] = setup.jobIds()
    await setup.notify(await setup.end(b))
    await setup.uploadManifest([{ image: IMAGE, grid: { seed: [1, 2] } }], { context: { batch: 2 } })
    await setup.notify(await setup.end(a))
    expect(batches(setup)).toMatchObject([{ context: { batch: 2 } }])
  })

  /** Runs `meanwhile` once, before the record names the next watched job; returns the batches announced by then. */
  const whileWritten = async (meanwhile: (setup: NotifySetup) => Promise<unknown>) => {
    let announcedThen: number | null = null
    const setup = notifySetup({
      outputFaults: {
        async before(operation, key) {
          if (announcedThen !== null || operation !== 'replace' || key !== batchKey(MANIFEST)) return
          announcedThen = 0
          await meanwhile(setup)
          announcedThen = batches(setup).length
        },
      },
    })
    await setup.putImage()
    await setup.uploadManifest([{ image: IMAGE, grid: { seed: [1, 2] } }])
    await setup.notify(reportKey(MANIFEST))
    await setup.notify(await setup.end(setup.jobIds()[1] ?? ''))
    return { setup, announcedThen: announcedThen as number | null }
  }

  test('is announced when the next watched job ends while the batch record is written', async () => {
    let key = ''
    const { setup, announcedThen } = await whileWritten(async ({ end, jobIds }) => {
      key = await end(jobIds()[0] ?? '')
    })
    expect(announcedThen).toBe(0)
    expect(batches(setup)).toHaveLength(1)
    await setup.notify(key)
    expect(batches(setup)).toHaveLength(1)
  })

  test("is announced once when the next watched job's event arrives while the batch record is written", async () => {
    const { setup, announcedThen } = await whileWritten(async ({ end, jobIds, notify }) =>
      notify(await end(jobIds()[0] ?? '')),
    )
    // The event finds that the job which the record names has ended.
    expect(announcedThen).toBe(1)
    expect(batches(setup)).toHaveLength(1)
  })

  test('is announced when the next watched job ends meanwhile and the following check fails', async () => {
    let step: 'before' | 'written' | 'failed' = 'before'
    const setup = notifySetup({
      outputFaults: {
        async before(operation, key) {
          const [a = ''] = setup.jobIds()
          if (step === 'before' && operation === 'replace' && key === batchKey(MANIFEST)) {
            step = 'written'
            await setup.notify(await setup.end(a))
          } else if (step === 'written' && operation === 'head' && key === resultKey(a)) {
            step = 'failed'
            throw new Error('500 Internal Error')
          }
        },
      },
    })
    await setup.putImage()
    await setup.uploadManifest([{ image: IMAGE, grid: { seed: [1, 2] } }])
    await setup.notify(reportKey(MANIFEST))
    const key = await setup.end(setup.jobIds()[1] ?? '')
    await setup.notify(key)
    await setup.notify(key)
    expect(step).not.toBe('before')
    expect(batches(setup).length).toBeGreaterThan(0)
  })

  test('takes fewer than ten requests per job, for many jobs', async () => {
    let requests = 0
    const setup = notifySetup({ outputFaults: { before: () => void requests++ } })
    await setup.putImage()
    await setup.uploadManifest([{ image: IMAGE, grid: { seed: Array.from({ length: 300 }, (_, i) => i) } }])
    await setup.notify(reportKey(MANIFEST))
    requests = 0
    for (const id of setup.jobIds()) await setup.notify(await setup.end(id))
    expect(batches(setup)).toMatchObject([{ jobs: { succeeded: 300 } }])
    // Of each: its own write, result, status, orders, report, record, watched job; at the end one more check of each, and one read.
    expect(requests / 300).toBeLessThan(9.2)
  })
})
