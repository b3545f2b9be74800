import { describe, expect, test } from 'vitest'
import type { EnteredJobs } from '../../../functions/ingest/entered-jobs.ts'
import type { IngestDeps } from '../../../functions/ingest/ingest-deps.ts'
import { queueJobs as queueWith } from '../../../functions/ingest/queue-jobs.ts'
import { resultKey, STATUS_PREFIX, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { entryKey } from '../../../shared/contracts/index-entry.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { jobIdsOf, listEntries } from '../../../shared/job-index/list-entries.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { type IngestSetupOptions, ingestSetup } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal

const someJobs = (count: number): readonly JobMessage[] =>
  Array.from({ length: count }, (_, i) =>
    aJobMessage({
      jobId: `f${i.toString(16).padStart(31, '0')}`,
      submittedAt: '2026-01-02T03:04:05.000Z',
    }),
  )

const nothingEntered = async (): Promise<ReadonlySet<string>> => new Set()

const queueJobs = (deps: IngestDeps, jobs: readonly JobMessage[], entered: EnteredJobs = nothingEntered) =>
  queueWith(deps, jobs, entered, SIGNAL)

const queued = ({ jobs }: ReturnType<typeof ingestSetup>): readonly string[] =>
  jobs().map(({ job_id }) => job_id)

describe('queueJobs', () => {
  test('sends the message, enters the job into the index, and then writes the status', async () => {
    const calls: string[] = []
    const log = (operation: string, subject: string) => void calls.push(`${operation} ${subject}`.trim())
    const { deps } = ingestSetup({ outputFaults: { after: log }, queueFaults: { after: log } })
    const [job] = someJobs(1)
    await queueJobs(deps, someJobs(1))
    const { job_id: id = '' } = job ?? {}
    expect(calls).toEqual([
      `read ${resultKey(id)}`,
      `read ${statusKey(id)}`,
      'send',
      `create ${entryKey('queued', deps.now(), id)}`,
      `create ${statusKey(id)}`,
    ])
  })

  test('enters several jobs into the index with one object', async () => {
    const { deps, output } = ingestSetup()
    const jobs = someJobs(3)
    await queueJobs(deps, jobs)
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    expect(entries).toMatchObject([{ jobs: 3, time: deps.now() }])
    expect(await Promise.all(entries.map((entry) => jobIdsOf(output, entry, SIGNAL)))).toEqual([
      jobs.map(({ job_id }) => job_id),
    ])
  })

  test('does not enter a job that has had a status for an hour, although it sends it again', async () => {
    const { deps, output, wait } = ingestSetup()
    await queueJobs(deps, someJobs(1))
    wait(61 * 60_000)
    expect((await queueJobs(deps, someJobs(2))).sent.size).toBe(2)
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    expect(entries.map(({ jobId }) => jobId)).toEqual([someJobs(2)[1]?.job_id, someJobs(1)[0]?.job_id])
  })

  test('enters a job again whose status is younger than an hour', async () => {
    const { deps, output, wait } = ingestSetup()
    await queueJobs(deps, someJobs(1))
    wait(11 * 60_000)
    await queueJobs(deps, someJobs(1))
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    expect(entries.map(({ jobId }) => jobId)).toEqual(Array(2).fill(someJobs(1)[0]?.job_id))
  })

  test('does not enter jobs that a report names, and reads the report only for known jobs', async () => {
    const { deps, output } = ingestSetup()
    let asked = 0
    const entered: EnteredJobs = async () => {
      asked += 1
      return new Set(someJobs(1).map(({ job_id }) => job_id))
    }
    await queueJobs(deps, someJobs(2), entered)
    expect(asked).toBe(0)
    await queueJobs(deps, someJobs(2), entered)
    expect(asked).toBe(1)
    const entries = await Array.fromAsync(listEntries(output, 'queued', SIGNAL))
    const ids = await Promise.all(entries.map((entry) => jobIdsOf(output, entry, SIGNAL)))
    const [one, two] = someJobs(2).map(({ job_id }) => job_id)
    expect(ids.toSorted((a, b) => b.length - a.length)).toEqual([[one, two], [two]])
  })

  test('keeps a status that a worker has already written', async () => {
    const jobs = someJobs(1)
    const key = statusKey(jobs[0]?.job_id ?? '')
    const setup = ingestSetup({
      queueFaults: {
        after: async () => {
          await setup.output.put(key, new Uint8Array(3), { contentType: 'application/json' }, SIGNAL)
        },
      },
    })
    await queueJobs(setup.deps, jobs)
    expect((await setup.output.head(key, SIGNAL))?.sizeBytes).toBe(3)
  })

  test('sends thousands of jobs in chunks, each job once', async () => {
    const setup = ingestSetup()
    const jobs = someJobs(1_050)
    const ids = new Set(jobs.map(({ job_id }) => job_id))
    expect(await queueJobs(setup.deps, [...jobs, ...jobs])).toEqual({
      doneBefore: new Set(),
      sent: ids,
      made: ids,
      withdrawn: [],
    })
    expect(queued(setup)).toEqual(jobs.map(({ job_id }) => job_id))
  })
})

describe('a job that SQS refuses', () => {
  test('is sent again by the next run, which does not send the accepted jobs again', async () => {
    const jobs = someJobs(3)
    const refused = new Set([jobs[1]?.job_id])
    const refuse: IngestSetupOptions['refuse'] = ({ body }) =>
      refused.has(JSON.parse(body).job_id) ? 'busy' : null
    const setup = ingestSetup({ refuse })
    await expect(queueJobs(setup.deps, jobs)).rejects.toThrow(
      '1 of 3 jobs were not accepted by the queue: busy',
    )
    refused.clear()
    await queueJobs(setup.deps, jobs)
    expect(queued(setup)).toEqual([0, 2, 1].map((i) => jobs[i]?.job_id))
  })

  test('gets no status', async () => {
    const jobs = someJobs(2)
    const setup = ingestSetup({
      refuse: ({ body }) => (body.includes(jobs[1]?.job_id ?? '') ? 'busy' : null),
    })
    await expect(queueJobs(setup.deps, jobs)).rejects.toThrow()
    const statuses = setup.output.keys().filter((key) => key.startsWith(STATUS_PREFIX))
    expect(statuses).toEqual([statusKey(jobs[0]?.job_id ?? '')])
  })
})

test('ingest sends a job again when the answer to its first send was lost', async () => {
  let lost = 1
  const setup = ingestSetup({
    queueFaults: {
      after: () => {
        if (lost-- > 0) throw new Error('the answer got lost')
      },
    },
  })
  const jobs = someJobs(1)
  await expect(queueJobs(setup.deps, jobs)).rejects.toThrow('the answer got lost')
  await queueJobs(setup.deps, jobs)
  expect(queued(setup)).toHaveLength(2)
})
