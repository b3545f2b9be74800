import { describe, expect, test } from 'vitest'
import { queueJobs } from '../../../functions/ingest/queue-jobs.ts'
import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { aJobMessage } from '../../fixtures/job-message.ts'
import { aWorld, type WorldOptions } from './a-world.ts'

const SIGNAL = new AbortController().signal

const someJobs = (count: number): readonly JobMessage[] =>
  Array.from({ length: count }, (_, i) => aJobMessage({ job_id: i.toString(16).padStart(32, '0') }))

const queued = ({ jobs }: ReturnType<typeof aWorld>): readonly string[] => jobs().map(({ job_id }) => job_id)

describe('queueing', () => {
  test('sends the message before it writes the status', async () => {
    const calls: string[] = []
    const log = (operation: string, subject: string) => void calls.push(`${operation} ${subject}`.trim())
    const { world } = aWorld({ outputFaults: { after: log }, queueFaults: { after: log } })
    const [job] = someJobs(1)
    await queueJobs(world, someJobs(1), SIGNAL)
    const { job_id: id = '' } = job ?? {}
    expect(calls).toEqual([
      `read ${resultKey(id)}`,
      `read ${statusKey(id)}`,
      'send',
      `create ${statusKey(id)}`,
    ])
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
    await queueJobs(world.world, jobs, SIGNAL)
    expect((await world.output.head(key, SIGNAL))?.sizeBytes).toBe(3)
  })

  test('takes thousands, in pieces, each once', async () => {
    const world = aWorld()
    const jobs = someJobs(1_050)
    expect(await queueJobs(world.world, [...jobs, ...jobs], SIGNAL)).toEqual({
      doneBefore: new Set(),
      sent: 1_050,
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
    await expect(queueJobs(world.world, jobs, SIGNAL)).rejects.toThrow(
      '1 of 3 jobs were not accepted by the queue: busy',
    )
    refused.clear()
    await queueJobs(world.world, jobs, SIGNAL)
    expect(queued(world)).toEqual([0, 2, 1].map((i) => jobs[i]?.job_id))
  })

  test('has no status', async () => {
    const jobs = someJobs(2)
    const world = aWorld({ refuse: ({ body }) => (body.includes(jobs[1]?.job_id ?? '') ? 'busy' : null) })
    await expect(queueJobs(world.world, jobs, SIGNAL)).rejects.toThrow()
    expect(world.output.keys()).toEqual([statusKey(jobs[0]?.job_id ?? '')])
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
  await expect(queueJobs(world.world, jobs, SIGNAL)).rejects.toThrow('the answer got lost')
  await queueJobs(world.world, jobs, SIGNAL)
  expect(queued(world)).toHaveLength(2)
})
