import { expect, test } from 'vitest'
import { LATELY_MS } from '../../../functions/ingest/event-times.ts'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { queuedStatus } from '../../../shared/contracts/status-record.ts'
import { listEntries } from '../../../shared/job-index/list-entries.ts'
import { readJobTotals } from '../../../worker/client/tracking/job-totals.ts'
import { openIndex } from '../../../worker/client/tracking/open-index.ts'
import { aPng } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

const MANIFEST = '{"items": [{"image": "images/a.png"}], "grid": {"seed": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}'
const MINUTE = 60_000

const aManifest = async () => {
  const setup = ingestSetup()
  await setup.put('images/a.png', await aPng())
  return { ...setup, manifest: await setup.put('manifests/m.json', MANIFEST) }
}

const jobsOf = async ({ output }: Pick<ReturnType<typeof ingestSetup>, 'output'>): Promise<number> =>
  (await readJobTotals(output, openIndex(output, unaborted), unaborted)).jobs

test('ingest enters jobs into the index once, although the event of their manifest is repeated', async () => {
  const setup = await aManifest()
  for (const ms of [0, 1_000, MINUTE, LATELY_MS, 30 * MINUTE]) {
    setup.wait(ms)
    await setup.ingest(s3Event(setup.manifest))
  }
  expect(await jobsOf(setup)).toBe(10)
  expect(await Array.fromAsync(listEntries(setup.output, 'queued', unaborted))).toHaveLength(1)
})

test('ingest enters jobs once when a manifest is uploaded again, also after a worker took a later message', async () => {
  const setup = await aManifest()
  await setup.ingest(s3Event(setup.manifest))
  setup.wait(2 * 24 * 60 * MINUTE)
  await setup.upload('manifests/m.json', MANIFEST)
  const [again] = setup.jobs().slice(10)
  const status = queuedStatus(again ?? expect.fail('not sent again'), setup.deps.now())
  const body = new TextEncoder().encode(JSON.stringify({ ...status, state: 'rendering' }))
  await setup.output.put(statusKey(status.job_id), body, { contentType: 'application/json' }, unaborted)
  setup.wait(MINUTE)
  await setup.upload('manifests/m.json', MANIFEST)
  expect(await Array.fromAsync(listEntries(setup.output, 'queued', unaborted))).toHaveLength(1)
  expect(await jobsOf(setup)).toBe(10)
})

test('ingest counts jobs once when both a failed run and the next run entered them into the index', async () => {
  let armed = true
  const setup = ingestSetup({
    outputFaults: {
      before(operation, key) {
        if (!armed || operation !== 'create' || !key.startsWith('reports/')) return
        armed = false
        throw new Error('the function ends')
      },
    },
  })
  await setup.put('images/a.png', await aPng())
  const manifest = await setup.put('manifests/m.json', MANIFEST)
  await expect(setup.ingest(s3Event(manifest))).rejects.toThrow('1 of 1 objects could not be ingested')
  setup.wait(MINUTE)
  await setup.ingest(s3Event(manifest))
  expect(await Array.fromAsync(listEntries(setup.output, 'queued', unaborted))).toHaveLength(2)
  expect(await jobsOf(setup)).toBe(10)
})
