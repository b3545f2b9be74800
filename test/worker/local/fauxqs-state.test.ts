import { describe, expect, test } from 'vitest'
import { type FauxqsState, openFauxqsState } from '../../../worker/local/fauxqs-state.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const now = (): Date => new Date()

const open = (folder: string, onFault: (error: unknown) => void = () => {}) =>
  openFauxqsState(folder, { now, onFault })

const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead'

const makeQueues = ({ stores: { sqsStore } }: FauxqsState) => {
  const dead = sqsStore.createQueue('dead', 'http://localhost/dead', DEAD)
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: DEAD, maxReceiveCount: 2 })
  const jobs = sqsStore.createQueue('jobs', 'http://localhost/jobs', `${DEAD}-jobs`, { RedrivePolicy })
  return { jobs, dead }
}

type Queue = ReturnType<typeof makeQueues>['jobs']

/** `enqueue` wants fields that fauxqs derives for a client's message. */
const send = (queue: Queue, body: string): void =>
  queue.enqueue({
    ...{ messageId: `id of ${body}`, body, md5OfBody: 'md5', messageAttributes: {} },
    ...{ md5OfMessageAttributes: '', sentTimestamp: Date.now(), approximateReceiveCount: 0 },
  })

const receive = ({ stores: { sqsStore } }: FauxqsState, name = 'jobs') => {
  const queue = sqsStore.getQueueByName(name) as Queue
  const messages = queue.dequeue(10, 120, (arn) => sqsStore.getQueueByArn(arn))
  return messages.map(({ Body, ReceiptHandle }) => ({
    body: Body,
    receipt: ReceiptHandle,
    count: queue.inflightMessages.get(ReceiptHandle)?.message.approximateReceiveCount,
  }))
}

/** Closes the state without what a server does at its end, and opens it again. */
const restart = async (folder: string, state: FauxqsState) => {
  state[Symbol.dispose]()
  return await open(folder)
}

describe('after a restart', () => {
  test('buckets have their objects with bytes, type, metadata and ETag', async () => {
    const folder = await temporaryDir()
    const first = await open(folder)
    first.stores.s3Store.createBucket('bucket')
    const put = (key: string, body: string) =>
      first.stores.s3Store.putObject('bucket', key, Buffer.from(body), 'text/plain', { 'svd-seed': '7' })
    const [etag] = [put('a', 'one').etag, put('empty', '').etag]
    using second = await restart(folder, first)
    const { body, ...object } = second.stores.s3Store.getObject('bucket', 'a')
    expect([body.toString(), object]).toMatchObject([
      'one',
      { etag, contentType: 'text/plain', metadata: { 'svd-seed': '7' } },
    ])
    expect(second.stores.s3Store.getObject('bucket', 'empty')).toMatchObject({ contentLength: 0 })
  })

  test('a leased message is visible at once and keeps its receive count', async () => {
    const folder = await temporaryDir()
    const first = await open(folder)
    send(makeQueues(first).jobs, 'a')
    expect(receive(first)).toMatchObject([{ body: 'a', count: 1 }])
    expect(receive(first)).toEqual([])
    using second = await restart(folder, first)
    expect(receive(second)).toMatchObject([{ body: 'a', count: 2 }])
  })

  test('a deleted message stays deleted, and a receipt handle of the earlier process deletes nothing', async () => {
    const folder = await temporaryDir()
    const first = await open(folder)
    const { jobs } = makeQueues(first)
    for (const body of ['a', 'b']) send(jobs, body)
    const [a, b] = receive(first)
    jobs.deleteMessage(a?.receipt ?? '')
    using second = await restart(folder, first)
    expect(second.stores.sqsStore.getQueueByName('jobs')?.deleteMessage(b?.receipt ?? '')).toBe(false)
    expect(receive(second)).toMatchObject([{ body: 'b' }])
  })

  test('multipart uploads older than a day are removed with their parts', async () => {
    const folder = await temporaryDir()
    const first = await open(folder)
    first.stores.s3Store.createBucket('bucket')
    first.stores.s3Store.createMultipartUpload('bucket', 'young')
    const old = first.stores.s3Store.createMultipartUpload('bucket', 'old')
    first.stores.s3Store.uploadPart(old, 1, Buffer.from('part'))
    const sql = "UPDATE s3_multipart_uploads SET initiated = '2026-01-01T00:00:00.000Z' WHERE key = 'old'"
    first.database.exec(sql)
    using second = await restart(folder, first)
    const rows = (table: string) => second.database.prepare(`SELECT * FROM ${table}`).all()
    expect([rows('s3_multipart_uploads'), rows('s3_multipart_parts')]).toMatchObject([[{ key: 'young' }], []])
  })
})

test('a released message is visible again, and its receives count after a restart', async () => {
  const folder = await temporaryDir()
  const first = await open(folder)
  const { jobs } = makeQueues(first)
  send(jobs, 'a')
  jobs.changeVisibility(receive(first)[0]?.receipt ?? '', 0)
  expect(receive(first)).toMatchObject([{ body: 'a', count: 2 }])
  using second = await restart(folder, first)
  expect(receive(second)).toEqual([])
  expect(receive(second, 'dead')).toMatchObject([{ body: 'a' }])
})

test('a message stays in its queue when its move to the dead-letter queue is interrupted', async () => {
  const folder = await temporaryDir()
  const faults: unknown[] = []
  const first = await open(folder, (error) => faults.push(error))
  const { jobs } = makeQueues(first)
  send(jobs, 'a')
  for (const _ of [1, 2]) jobs.changeVisibility(receive(first)[0]?.receipt ?? '', 0)
  // The insert into the dead-letter queue fails, as if the process had been killed before it.
  first.database.exec(
    "CREATE TRIGGER stop BEFORE INSERT ON sqs_messages WHEN NEW.queue_name = 'dead' BEGIN SELECT RAISE(ABORT, 'stop'); END",
  )
  expect(() => receive(first)).toThrow('stop')
  expect(faults[0]).toMatchObject({ message: 'stop' })
  first.database.exec('DROP TRIGGER stop')
  using second = await restart(folder, first)
  const messages = second.database.prepare('SELECT queue_name, body FROM sqs_messages').all()
  expect(messages).toMatchObject([{ queue_name: 'jobs', body: 'a' }])
})

test('a change that the disk cannot store throws and is reported', async () => {
  const folder = await temporaryDir()
  const faults: unknown[] = []
  using state = await open(folder, (error) => faults.push(error))
  state.stores.s3Store.createBucket('bucket')
  // SQLite then fails as it does on a full disk.
  const [pages] = Object.values(state.database.prepare('PRAGMA page_count').get() ?? {})
  state.database.exec(`PRAGMA max_page_count = ${Number(pages) + 10}`)
  const put = () => state.stores.s3Store.putObject('bucket', 'a', Buffer.alloc(1e6))
  expect(put).toThrow('database or disk is full')
  expect(faults).toMatchObject([{ errcode: 13 }])
  expect(() => state.stores.s3Store.headObject('bucket', 'a')).toThrow('does not exist')
})
