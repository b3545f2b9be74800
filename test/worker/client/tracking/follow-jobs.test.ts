import { expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { followJobs } from '../../../../worker/client/tracking/follow-jobs.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult, aStatus } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'

const signal = new AbortController().signal
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

const readQueueDepths = async () => {
  throw new Error('asks the queues though no job is quiet')
}

/** A bucket that counts what is read, and a clock with something to do while asleep. */
const aBucket = (whileAsleep: (sleep: number) => Promise<unknown> = async () => {}) => {
  const read: string[] = []
  const before = (operation: string, subject: string): void => {
    if (operation === 'read') read.push(subject)
  }
  const outputs = openMemoryObjectStore({ now: () => 0, faults: { before } })
  let sleeps = 0
  const clock = {
    now: () => new Date(aStatus().updated_at),
    sleep: async () => {
      await whileAsleep(++sleeps)
    },
  }
  const put = (key: string, value: unknown) =>
    outputs.put(key, encode(value), { contentType: 'application/json' }, signal)
  return {
    outputs,
    read,
    follow: (jobIds: readonly string[]) =>
      followJobs(outputs, jobIds, { clock, intervalMs: 1, readQueueDepths }, signal),
    putStatus: (status: ReturnType<typeof aStatus>) => put(statusKey(status.job_id), status),
    putResult: (result: ReturnType<typeof aResult>) => put(resultKey(result.job_id), result),
  }
}

test('jobs are returned in the given order until all are done, and jobs that are done are not read again', async () => {
  const [a, b] = [jobIdLike('a'), jobIdLike('b')]
  const { follow, read, putStatus, putResult } = aBucket(async (sleep) => {
    if (sleep === 1) await putResult(aResult({ jobId: b }))
    if (sleep === 2) await putResult(aResult({ jobId: a }))
  })
  await putStatus(aStatus({ jobId: a }))
  const looks: string[] = []
  for await (const statuses of follow([b, a])) {
    looks.push(statuses.map(({ jobId, state }) => `${jobId[0]} ${state}`).join(', '))
  }
  // There is no record of b at first.
  expect(looks).toEqual(['a queued', 'b succeeded, a queued', 'b succeeded, a succeeded'])
  expect(read.filter((key) => key === resultKey(b))).toHaveLength(2)
})

test('among very many jobs, rendering jobs are read at every poll and the others in turn', async () => {
  const ids = Array.from({ length: 450 }, (_, index) => jobIdLike(index.toString(16).padStart(4, '0')))
  const { follow, read, putStatus } = aBucket()
  for (const jobId of ids) await putStatus(aStatus({ jobId }))
  const busy = ids[449] ?? ''
  await putStatus(aStatus({ jobId: busy, state: 'rendering', attempt: 1 }))
  const looks = follow(ids)
  const readInLook = async (): Promise<readonly string[]> => {
    read.length = 0
    await looks.next()
    return read
      .filter((key) => key.startsWith('status/'))
      .map((key) => key.slice('status/'.length, -'.json'.length))
  }
  const first = await readInLook()
  const second = await readInLook()
  const third = await readInLook()
  const fourth = await readInLook()
  expect([first, second, third, fourth].map(({ length }) => length)).toEqual([200, 200, 200, 200])
  expect(new Set([...first, ...second, ...third]).size).toBe(450)
  expect(fourth).toContain(busy)
})
