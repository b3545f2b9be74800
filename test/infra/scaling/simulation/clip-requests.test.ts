import { describe, expect, test } from 'vitest'
import {
  EVENTS_OF_CLIP,
  RECORDS_OF_CLIP,
  s3RequestsOfClip,
  sqsRequestsOfClip,
} from '../../../../infra/scaling/simulation/clip-requests.ts'
import { reportKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { Faults } from '../../../fixtures/faults.ts'
import { aPng } from '../../../fixtures/images.ts'
import type { StoreOperation } from '../../../fixtures/memory-object-store.ts'
import { ingestSetup, s3Event } from '../../../functions/ingest/ingest-setup.ts'
import { IMAGE, notifySetup } from '../../../functions/notify/notify-setup.ts'
import { workerSetup } from '../../../worker/queue/worker-setup.ts'

const RENDER_SECONDS = 30
const READS: readonly StoreOperation[] = ['head', 'read', 'readRange']

/** Counts the requests to a store by prefix. */
const counter = () => {
  const counts = new Map<string, { reads: number; writes: number }>()
  const faults: Faults<StoreOperation> = {
    before(operation, key) {
      const prefix = `${key.split('/')[0]}/`
      const count = counts.get(prefix) ?? { reads: 0, writes: 0 }
      if (READS.includes(operation)) count.reads++
      else count.writes++
      counts.set(prefix, count)
    },
  }
  return {
    faults,
    at: (prefix: string) => counts.get(prefix) ?? { reads: 0, writes: 0 },
    clear: () => counts.clear(),
  }
}

const ingested = async () => {
  const input = counter()
  const output = counter()
  const setup = ingestSetup({ inputFaults: input.faults, outputFaults: output.faults })
  const object = await setup.put('images/cat.png', await aPng())
  // The requests of the upload itself do not count.
  input.clear()
  await setup.ingest(s3Event(object))
  return { input, output }
}

const rendered = async () => {
  const output = counter()
  const seconds = { render: RENDER_SECONDS }
  await workerSetup({ images: ['cat'], seconds, storeFaults: output.faults }).run()
  return output
}

/** Notify, after the report and after the result of an image's job. */
const announced = async () => {
  const output = counter()
  const setup = notifySetup({ outputFaults: output.faults })
  await setup.uploadImage()
  output.clear()
  await setup.notify(reportKey(IMAGE))
  const result = await setup.end(setup.jobIds()[0] ?? '')
  await setup.notify(result)
  const records = [reportKey(IMAGE), result]
  // The worker's write of the result.
  const isResult = 1
  const at = (prefix: string) => {
    const { reads, writes } = output.at(prefix)
    return { reads, writes: prefix === 'jobs/' ? writes - isResult : writes }
  }
  return { at, records, published: setup.published }
}

const counted = (prefix: string) =>
  s3RequestsOfClip(RENDER_SECONDS, { waitingSeconds: 0 }).find((one) => one.prefix === prefix) ??
  expect.fail(`no ${prefix}`)

describe('the S3 requests that the model counts for a clip are those that ingest, worker and notify send', () => {
  test('to images/ of the input bucket: those of ingest beside the upload itself', async () => {
    const { input } = await ingested()
    const { reads, writes } = counted('images/')
    expect(input.at('images/')).toEqual({ reads, writes: writes - 1 })
  })

  test('to inputs/: those of ingest and of the worker that reads the image', async () => {
    const { output } = await ingested()
    const { reads, writes } = output.at('inputs/')
    expect({ reads: reads + 1, writes }).toMatchObject({ reads: counted('inputs/').reads, writes })
    expect(writes).toBe(counted('inputs/').writes)
  })

  test('to reports/ and orders/: those of ingest and notify', async () => {
    const { output } = await ingested()
    const { at, records, published } = await announced()
    for (const prefix of ['reports/', 'orders/']) {
      const { reads, writes } = counted(prefix)
      expect([prefix, output.at(prefix).reads + at(prefix).reads]).toEqual([prefix, reads])
      expect([prefix, output.at(prefix).writes + at(prefix).writes]).toEqual([prefix, writes])
    }
    expect([records.length, published.length]).toEqual([RECORDS_OF_CLIP, EVENTS_OF_CLIP])
  })

  test.each(['jobs/', 'index/', 'status/', 'cancel/'])(
    'to %s: those of ingest, worker and notify',
    async (prefix) => {
      const { output } = await ingested()
      const worker = await rendered()
      const notify = await announced()
      const sum = (kind: 'reads' | 'writes') =>
        output.at(prefix)[kind] + worker.at(prefix)[kind] + notify.at(prefix)[kind]
      // Progress comes by the clock: one more or less.
      expect(Math.abs(sum('reads') - counted(prefix).reads)).toBeLessThanOrEqual(1)
      expect(Math.abs(sum('writes') - counted(prefix).writes)).toBeLessThanOrEqual(1)
    },
  )
})

test('a longer clip has a status write for each progress report and each heartbeat', () => {
  const writes = (seconds: number) =>
    s3RequestsOfClip(seconds).find(({ prefix }) => prefix === 'status/')!.writes
  expect(writes(600) - writes(60)).toBe((600 - 60) / 20)
})

test('a clip that waits behind another clip has its cancel marker checked for twice as long', () => {
  const reads = (options = {}) =>
    s3RequestsOfClip(60, options).find(({ prefix }) => prefix === 'cancel/')!.reads
  expect([reads({ waitingSeconds: 0 }), reads()]).toEqual([32, 62])
})

test('a status every five seconds causes less than half of all writes of a clip', () => {
  const options = { statusIntervalMs: 5_000 }
  const writes = (requests: ReturnType<typeof s3RequestsOfClip>) =>
    requests.reduce((sum, prefix) => sum + prefix.writes, 0)
  expect(writes(s3RequestsOfClip(RENDER_SECONDS, options))).toBeLessThan(
    writes(s3RequestsOfClip(RENDER_SECONDS)) / 2,
  )
})

test("a clip's message has heartbeats while the previous clip renders and while it renders itself", () => {
  expect(sqsRequestsOfClip(30) - sqsRequestsOfClip(0)).toBe(3)
})
