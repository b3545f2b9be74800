import { describe, expect, test } from 'vitest'
import { aPng } from '../../fixtures/images.ts'
import { ingestSetup, s3Event, sqsEvent } from './ingest-setup.ts'

/** The store is out of order for objects whose name has `bad` in it. */
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

describe('events by way of SQS', () => {
  test('fail each for itself', async () => {
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

  test('that tell of several objects fail as one, after each had its turn', async () => {
    const setup = ingestSetup({ inputFaults: failing })
    await putAll(setup, 'images/bad.png', 'images/b.png')
    const event = sqsEvent(s3Event({ key: 'images/bad.png' }, { key: 'images/b.png' }))
    expect(await setup.ingest(event)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] })
    expect((await setup.report('images/b.png'))?.state).toBe('accepted')
  })

  test('that no event of S3 is in fail, until they are where somebody sees them', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a.png')
    const event = sqsEvent('not json', { any: 'thing' }, s3Event({ key: 'images/a.png' }))
    expect(await setup.ingest(event)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-1' }, { itemIdentifier: 'message-2' }],
    })
    expect(setup.jobs()).toHaveLength(1)
  })

  test('for the setting up of a notification are done with', async () => {
    const setup = ingestSetup()
    expect(await setup.ingest(sqsEvent({ Service: 'Amazon S3', Event: 's3:TestEvent' }))).toEqual({
      batchItemFailures: [],
    })
    expect(setup.told).toEqual([])
  })

  test('of EventBridge have their key as it is', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a+b%41.png')
    const detail = { bucket: { name: 'input' }, object: { key: 'images/a+b%41.png' } }
    await setup.ingest(sqsEvent({ source: 'aws.s3', 'detail-type': 'Object Created', detail }))
    expect(setup.jobs()[0]?.image.source_key).toBe('images/a+b%41.png')
  })

  test('hand their trace on to the jobs', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a.png')
    const [record] = sqsEvent(s3Event({ key: 'images/a.png' })).Records
    await setup.ingest({ Records: [{ ...record, attributes: { AWSTraceHeader: 'Root=1-abc' } }] })
    expect(setup.jobs()[0]?.trace_id).toBe('Root=1-abc')
  })

  test('that the time does not suffice for are tried again', async () => {
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

describe('an event of S3 itself', () => {
  test('has spaces and other characters in its keys decoded', async () => {
    const setup = ingestSetup()
    await putAll(setup, 'images/a b+c ä%.png')
    await setup.ingest(s3Event({ key: 'images/a b+c ä%.png' }))
    expect((await setup.report('images/a b+c ä%.png'))?.state).toBe('accepted')
  })

  test('fails as a whole if an object could not be ingested, after each had its turn', async () => {
    const setup = ingestSetup({ inputFaults: failing })
    await putAll(setup, 'images/bad.png', 'images/b.png')
    await expect(setup.ingest(s3Event({ key: 'images/bad.png' }, { key: 'images/b.png' }))).rejects.toThrow(
      '1 of 2 objects could not be ingested',
    )
    expect(setup.jobs()).toHaveLength(1)
  })

  test('does not fail for what is wrong with an object', async () => {
    const setup = ingestSetup()
    await expect(setup.upload('images/a.png', 'no image')).resolves.toBeUndefined()
    expect(setup.told).toMatchObject([{ type: 'reported', report: { state: 'rejected' } }])
  })
})

test('an event of something else is refused', async () => {
  await expect(ingestSetup().ingest({ source: 'aws.ec2' })).rejects.toThrow()
})
