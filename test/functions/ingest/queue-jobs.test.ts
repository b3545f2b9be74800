import { describe, expect, test } from 'vitest'
import type { EnteredJobs } from '../../../functions/ingest/entered-jobs.ts'
import type { IngestDeps } from '../../../functions/ingest/ingest-deps.ts'
import { queueJobs as queueWith } from '../../../functions/ingest/queue-jobs.ts'
import { resultKey, STATUS_PREFIX, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { entryKey } from '../../../shared/contracts/index-entry.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { jobIdsOf, listEntries } from '../../../shared/job-index/list-entries.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { aWorld, type WorldOptions } from './a-world.ts'

const SIGNAL = new AbortController().signal

const someJobs = (count: number): readonly JobMessage[] =>
  Array.from({ length: count }, (_, i) =>
    aJobMessage({
      jobId: `f${i.toString(16).padStart(31, '0')}`,
      submittedAt: '2026-01-02T03:04:05.000Z',
    }),
  )

const nothingEntered = async (): Promise<ReadonlySet<string>> => new Set()

const queueJobs = (world: IngestDeps, jobs: readonly JobMessage[], entered: EnteredJobs = nothingEntered) =>
  queueWith(world, jobs, entered, SIGNAL)

const queued = ({ jobs }: ReturnType<typeof aWorld>): readonly string[] => jobs().map(({ job_id }) => job_id)

describe('queueing', () => {
  test('sends the message, enters the job in the index, and then writes the status', async () => {
    const calls: string[] = []
    const log = (operation: string, subject: string) => void calls.push(`${operation} ${subject}`.trim())
    const { world } = aWorld({ outputFaults: { after: log }, queueFaults: { after: log } })
    const [job] = someJobs(1)
    await queueJobs(world, someJobs(1))
    const { job_id: id = '' } = job ?? {}
    expect(calls).toEqual([
      `read ${resultKey(id)}`,
      `read ${statusKey(id)}`,
      'send',
      `create ${entryKey('queued', world.now(), id)}`,
      `create ${statusKey(id)}`,
    ])
  })

  test('enters several jobs with one object', async () => {
    const { world, output } = aWorld()
    const jobs = someJobs(3)
    await queueJobs(world, jobs)
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    expect(entries).toMatchObject([{ jobs: 3, time: world.now() }])
    expect(await Promise.all(entries.map((entry) => jobIdsOf(output, entry, SIGNAL)))).toEqual([
      jobs.map(({ job_id }) => job_id),
    ])
  })

  test('enters no job that has had a status for an hour, also where it is sent again', async () => {
    const { world, output, wait } = aWorld()
    await queueJobs(world, someJobs(1))
    wait(61 * 60_000)
    expect((await queueJobs(world, someJobs(2))).sent.size).toBe(2)
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    expect(entries.map(({ jobId }) => jobId)).toEqual([someJobs(2)[1]?.job_id, someJobs(1)[0]?.job_id])
  })

  test('enters a job once more that has a status of this upload for less than an hour', async () => {
    const { world, output, wait } = aWorld()
    await queueJobs(world, someJobs(1))
    wait(11 * 60_000)
    await queueJobs(world, someJobs(1))
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    expect(entries.map(({ jobId }) => jobId)).toEqual(Array(2).fill(someJobs(1)[0]?.job_id))
  })

  test('enters no job that a report on the upload names, and asks for that only where a job is known', async () => {
    const { world, output } = aWorld()
    let asked = 0
    const entered: EnteredJobs = async () => {
      asked += 1
      return new Set(someJobs(1).map(({ job_id }) => job_id))
    }
    await queueJobs(world, someJobs(2), entered)
    expect(asked).toBe(0)
    await queueJobs(world, someJobs(2), entered)
    expect(asked).toBe(1)
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    const ids = await Promise.all(entries.map((entry) => jobIdsOf(output, entry, SIGNAL)))
    const [one, two] = someJobs(2).map(({ job_id }) => job_id)
    expect(ids.toSorted((a, b) => b.length - a.length)).toEqual([[one, two], [two]])
  })

  test('leaves alone a status that a faster worker has written', async () => {
    const jobs = someJobs(1)
    const key = statusKey(jobs[0]?.job_id ?? '')
    const world = aWorld({
      queueFaults: {
        after: async () => {
          await world.output.put(key, new Uint8Array(3), { contentType: 'application/json' }, SIGNAL)
        },
      },
    })
    await queueJobs(world.world, jobs)
    expect((await world.output.head(key, SIGNAL))?.sizeBytes).toBe(3)
  })

  test('takes thousands, in pieces, each once', async () => {
    const world = aWorld()
    const jobs = someJobs(1_050)
    const ids = new Set(jobs.map(({ job_id }) => job_id))
    expect(await queueJobs(world.world, [...jobs, ...jobs])).toEqual({
      doneBefore: new Set(),
      sent: ids,
      made: ids,
      withdrawn: [],
    })
    expect(queued(world)).toEqual(jobs.map(({ job_id }) => job_id))
  })
})

describe('what the queue does not take', () => {
  test('is sent again when it is tried again, and the others are not', async () => {
    const jobs = someJobs(3)
    const refused = new Set([jobs[1]?.job_id])
    const refuse: WorldOptions['refuse'] = ({ body }) =>
      refused.has(JSON.parse(body).job_id) ? 'busy' : null
    const world = aWorld({ refuse })
    await expect(queueJobs(world.world, jobs)).rejects.toThrow(
      '1 of 3 jobs were not accepted by the queue: busy',
    )
    refused.clear()
    await queueJobs(world.world, jobs)
    expect(queued(world)).toEqual([0, 2, 1].map((i) => jobs[i]?.job_id))
  })

  test('has no status', async () => {
    const jobs = someJobs(2)
    const world = aWorld({ refuse: ({ body }) => (body.includes(jobs[1]?.job_id ?? '') ? 'busy' : null) })
    await expect(queueJobs(world.world, jobs)).rejects.toThrow()
    const statuses = world.output.keys().filter((key) => key.startsWith(STATUS_PREFIX))
    expect(statuses).toEqual([statusKey(jobs[0]?.job_id ?? '')])
  })
})

test('a job is sent again if nobody knows whether it was sent', async () => {
  let lost = 1
  const world = aWorld({
    queueFaults: {
      after: () => {
        if (lost-- > 0) throw new Error('the answer got lost')
      },
    },
  })
  const jobs = someJobs(1)
  await expect(queueJobs(world.world, jobs)).rejects.toThrow('the answer got lost')
  await queueJobs(world.world, jobs)
  expect(queued(world)).toHaveLength(2)
})
