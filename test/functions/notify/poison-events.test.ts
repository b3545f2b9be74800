import { describe, expect, test } from 'vitest'
import { publishToAll } from '../../../functions/notify/publish-to-all.ts'
import { reportKey, resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { openMemoryEventPublisher } from '../../fixtures/memory-event-publisher.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { IMAGE, MANIFEST, notifySetup } from './notify-setup.ts'

/** Events of the item with this id are larger than the publisher accepts. */
const POISON = 'x'.repeat(3_000)

const aPoisonedSetup = () => {
  const setup = notifySetup()
  const publisher = openMemoryEventPublisher({ name: 'event bus', maxBytes: 3_000 })
  Object.assign(setup.deps, { publish: publishToAll([publisher]) })
  const accepted = () => publisher.accepted.map((text) => JSON.parse(text))
  return { ...setup, accepted }
}

const FAILED = { batchItemFailures: [{ itemIdentifier: 'message-1' }] }

describe('an event that a publisher refuses', () => {
  test('fails its message, but the other requests and the end of the batch are announced', async () => {
    const setup = aPoisonedSetup()
    await setup.putImage()
    const grid = { seed: Array.from({ length: 500 }, (_, n) => n) }
    await setup.uploadManifest([
      { image: IMAGE, id: 'bad', context: { text: POISON } },
      { image: IMAGE, id: 'good', grid },
    ])
    for (const job of setup.jobs()) {
      const record = JSON.stringify(aResult({ job }))
      const json = { contentType: 'application/json' }
      await setup.output.put(resultKey(job.job_id), Buffer.from(record), json, unaborted)
    }

    expect(await setup.notify(reportKey(MANIFEST))).toEqual(FAILED)

    const types = setup.accepted().map(({ type, item_id }) => `${type} ${item_id}`)
    expect(types.filter((type) => type === 'request.ended good')).toHaveLength(500)
    expect(types.filter((type) => type.startsWith('batch.ended'))).toHaveLength(1)
    expect(types.filter((type) => type.endsWith(' bad'))).toEqual([])
    expect(setup.told.at(-1)).toMatchObject({
      type: 'failed',
      error: { message: expect.stringContaining('event bus: 1 of ') },
    })
  })

  test('does not keep an event of another upload with the same job from being announced', async () => {
    const setup = aPoisonedSetup()
    await setup.uploadImage({ 'svd-context': JSON.stringify({ text: POISON }) })
    await setup.uploadManifest([{ image: IMAGE }], { context: { from: 'manifest' } })
    const [jobId = '', ...others] = setup.jobIds()
    expect(others).toEqual([])

    expect(await setup.notify(await setup.end(jobId))).toEqual(FAILED)
    expect(setup.accepted().map(({ type, context }) => [type, context])).toEqual([
      ['request.ended', { from: 'manifest' }],
      ['batch.ended', { from: 'manifest' }],
    ])
  })

  test('does not keep the next message from being announced', async () => {
    const setup = aPoisonedSetup()
    await setup.putImage()
    await setup.uploadManifest([{ image: IMAGE, context: { text: POISON } }], {}, 'manifests/bad.json')
    await setup.uploadManifest([{ image: IMAGE, context: { n: 1 } }], {}, 'manifests/good.json')
    for (const id of setup.jobIds()) await setup.end(id)

    expect(await setup.notify(reportKey('manifests/bad.json'))).toEqual(FAILED)
    expect(await setup.notify(reportKey('manifests/good.json'))).toEqual({ batchItemFailures: [] })
    expect(setup.accepted().map(({ upload, type }) => [upload.key, type])).toEqual([
      ['manifests/bad.json', 'batch.ended'],
      ['manifests/good.json', 'request.ended'],
      ['manifests/good.json', 'batch.ended'],
    ])
  })
})
