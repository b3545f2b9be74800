import { describe, expect, test } from 'vitest'
import { aPng } from '../../fixtures/images.ts'
import { ingestSetup, s3Event, sqsEvent } from './ingest-setup.ts'

/** The store fails to read objects whose name contains `bad`. */
const failing = {
  before(operation: string, key: string) {
    if (operation === 'read' && key.includes('bad')) throw new Error('503 Slow Down')
  },
}

const putAll = async (setup: ReturnType<typeof ingestSetup>, ...keys: readonly string[]) => {
  for (const [seed, key] of keys.entries()) {
    await setup.input.put(
      key,
      await aPng({ seed }),
      { contentType: 'image/png' },
      new AbortController().signal,
    )
  }
}

describe('S3 events in SQS messages', () => {
  test('fail independently of each other', async () => {
    const setup = ingestSetup({ inputFaults: failing })
    await putAll(setup, 'images/a.png', 'images/bad.png', 'images/c.png')
    const event = sqsEvent(
      s3Event({ key: 'images/a.png' }),
      s3Event({ key: 'images/bad.png' }),
      s3Event({ key: 'images/c.png' }),
    )
    expect(await setup.ingest(event)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-2' }] })
    expect((await setup.report('images/a.png'))?.state).toBe('accepted')
    expect((await setup.report('images/c.png'))?.state).toBe('accepted')
    expect(setup.told.map(({ type }) => type)).toEqual(['reported', 'failed', 'reported'])
  })

  test('that name several objects fail together after each object was tried', async () => {
    const setup = ingestSetup({ inputFaults: failing })
    await putAll(setup, 'images/bad.png', 'images/b.png')
    const event = sqsEvent(s3Event({ key: 'images/bad.png' }, { key: 'images/b.png' }))
    expect(await setup.ingest(event)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] })
    expect((await setup.report('images/b.png'))?.state).toBe('accepted')
  })

  test('that are not S3 events fail, so that SQS moves them to the dead-letter queue', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a.png')
    const event = sqsEvent('not json', { any: 'thing' }, s3Event({ key: 'images/a.png' }))
    expect(await setup.ingest(event)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-1' }, { itemIdentifier: 'message-2' }],
    })
    expect(setup.jobs()).toHaveLength(1)
  })

  test('that S3 sends as a test are deleted without a report', async () => {
    const setup = ingestSetup()
    expect(await setup.ingest(sqsEvent({ Service: 'Amazon S3', Event: 's3:TestEvent' }))).toEqual({
      batchItemFailures: [],
    })
    expect(setup.told).toEqual([])
  })

  test('that EventBridge delivered have keys without URL encoding', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a+b%41.png')
    const detail = { bucket: { name: 'input' }, object: { key: 'images/a+b%41.png' } }
    await setup.ingest(sqsEvent({ source: 'aws.s3', 'detail-type': 'Object Created', detail }))
    expect(setup.jobs()[0]?.image.source_key).toBe('images/a+b%41.png')
  })

  test('pass their trace header to the jobs', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a.png')
    const [record] = sqsEvent(s3Event({ key: 'images/a.png' })).Records
    await setup.ingest({ Records: [{ ...record, attributes: { AWSTraceHeader: 'Root=1-abc' } }] })
    expect(setup.jobs()[0]?.trace_id).toBe('Root=1-abc')
  })

  test('for which the time does not suffice are returned to the queue and succeed later', async () => {
    const stop = new AbortController()
    const setup = ingestSetup({
      outputFaults: {
        after(operation, key) {
          if (operation === 'create' && key.startsWith('reports/')) stop.abort(new Error('time is up'))
        },
      },
    })
    await putAll(setup, 'images/a.png', 'images/b.png')
    const event = sqsEvent(s3Event({ key: 'images/a.png' }), s3Event({ key: 'images/b.png' }))
    const response = await setup.ingest(event, stop.signal)
    expect(response?.batchItemFailures).toContainEqual({ itemIdentifier: 'message-2' })
    expect(await setup.report('images/b.png')).toBeNull()
    expect(await setup.ingest(event)).toEqual({ batchItemFailures: [] })
    expect(setup.jobs()).toHaveLength(2)
  })
})

describe('an S3 event that invokes Lambda directly', () => {
  test('has URL-encoded keys, which are decoded', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a b+c ä%.png')
    await setup.ingest(s3Event({ key: 'images/a b+c ä%.png' }))
    expect((await setup.report('images/a b+c ä%.png'))?.state).toBe('accepted')
  })

  test('fails as a whole when one object could not be ingested, after each object was tried', async () => {
    const setup = ingestSetup({ inputFaults: failing })
    await putAll(setup, 'images/bad.png', 'images/b.png')
    await expect(setup.ingest(s3Event({ key: 'images/bad.png' }, { key: 'images/b.png' }))).rejects.toThrow(
      '1 of 2 objects could not be ingested',
    )
    expect(setup.jobs()).toHaveLength(1)
  })

  test('succeeds when an object is rejected', async () => {
    const setup = ingestSetup()
    await expect(setup.upload('images/a.png', 'no image')).resolves.toBeUndefined()
    expect(setup.told).toMatchObject([{ type: 'reported', report: { state: 'rejected' } }])
  })
})

test('ingest refuses an event that is not from S3', async () => {
  await expect(ingestSetup().ingest({ source: 'aws.ec2' })).rejects.toThrow()
})
