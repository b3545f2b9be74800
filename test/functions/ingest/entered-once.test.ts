import { expect, test } from 'vitest'
import { LATELY_MS } from '../../../functions/ingest/event-times.ts'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { queuedStatus } from '../../../shared/contracts/status-record.ts'
import { listEntries } from '../../../shared/job-index/list-entries.ts'
import { readJobTotals } from '../../../worker/client/tracking/job-totals.ts'
import { openIndex } from '../../../worker/client/tracking/open-index.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld, s3Event } from './a-world.ts'

const MANIFEST = '{"items": [{"image": "images/a.png"}], "grid": {"seed": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}'
const MINUTE = 60_000

const aManifest = async () => {
  const world = aWorld()
  await world.put('images/a.png', await aPng())
  return { ...world, manifest: await world.put('manifests/m.json', MANIFEST) }
}

const jobsOf = async ({ output }: Pick<ReturnType<typeof aWorld>, 'output'>): Promise<number> =>
  (await readJobTotals(output, openIndex(output, unaborted), unaborted)).jobs

test('jobs are entered once, however often the event of their manifest is repeated', async () => {
  const world = await aManifest()
  for (const ms of [0, 1_000, MINUTE, LATELY_MS, 30 * MINUTE]) {
    world.wait(ms)
    await world.ingest(s3Event(world.manifest))
  }
  expect(await jobsOf(world)).toBe(10)
  expect(await Array.fromAsync(listEntries(world.output, 'queued', unaborted))).toHaveLength(1)
})

test('and however often the same file is uploaded again, also after a worker took a message of a later order', async () => {
  const world = await aManifest()
  await world.ingest(s3Event(world.manifest))
  world.wait(2 * 24 * 60 * MINUTE)
  await world.drop('manifests/m.json', MANIFEST)
  const [again] = world.jobs().slice(10)
  const status = queuedStatus(again ?? expect.fail('not sent again'), world.world.now())
  const body = new TextEncoder().encode(JSON.stringify({ ...status, state: 'rendering' }))
  await world.output.put(statusKey(status.job_id), body, { contentType: 'application/json' }, unaborted)
  world.wait(MINUTE)
  await world.drop('manifests/m.json', MANIFEST)
  expect(await Array.fromAsync(listEntries(world.output, 'queued', unaborted))).toHaveLength(1)
  expect(await jobsOf(world)).toBe(10)
})

test('jobs that a run entered before it ended, and the next run enters again, count once', async () => {
  let armed = true
  const world = aWorld({
    outputFaults: {
      before(operation, key) {
        if (!armed || operation !== 'create' || !key.startsWith('reports/')) return
        armed = false
        throw new Error('the function ends')
      },
    },
  })
  await world.put('images/a.png', await aPng())
  const manifest = await world.put('manifests/m.json', MANIFEST)
  await expect(world.ingest(s3Event(manifest))).rejects.toThrow('1 of 1 objects could not be ingested')
  world.wait(MINUTE)
  await world.ingest(s3Event(manifest))
  expect(await Array.fromAsync(listEntries(world.output, 'queued', unaborted))).toHaveLength(2)
  expect(await jobsOf(world)).toBe(10)
})
