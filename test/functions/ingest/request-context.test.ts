import { describe, expect, test } from 'vitest'
import { aPng } from '../../fixtures/images.ts'
import { ingestSetup } from './ingest-setup.ts'

const PNG = await aPng()
const KEY = 'images/a.png'
const ITEM = { image: KEY }

const reportOfManifest = async (document: object) => {
  const setup = ingestSetup()
  await setup.put(KEY, PNG)
  await setup.upload('manifests/m.json', JSON.stringify(document))
  return { setup, report: await setup.report('manifests/m.json') }
}

describe('the context of a manifest', () => {
  test('is in the report, for all items and for items with their own context', async () => {
    const own = { order: 2, lines: [1, 2] }
    const { report } = await reportOfManifest({
      context: { shop: 'a' },
      items: [ITEM, { ...ITEM, context: own }, { ...ITEM, context: null }],
    })
    expect(report).toMatchObject({
      state: 'accepted',
      contexts: [
        { item: null, context: { shop: 'a' } },
        { item: 2, context: own },
      ],
    })
  })

  test('does not change the job id, so that two items with two contexts share a job', async () => {
    const { setup, report } = await reportOfManifest({
      items: [
        { ...ITEM, context: { order: 1 } },
        { ...ITEM, context: { order: 2 } },
      ],
    })
    expect(setup.jobs()).toHaveLength(1)
    expect(new Set(report?.jobs.map(({ job_id }) => job_id)).size).toBe(1)
    expect(report?.contexts?.map(({ context }) => context)).toEqual([{ order: 1 }, { order: 2 }])
    expect(JSON.stringify(setup.jobs())).not.toContain('order')
  })

  test('is not in the report when none is given', async () => {
    const { report } = await reportOfManifest({ items: [ITEM] })
    expect(report).not.toHaveProperty('contexts')
  })

  test.each([
    ['text', '"7"', "got '7'; must be a JSON object of at most 4096 bytes"],
    ['a list', '[7]', 'got [7]; must be a JSON object of at most 4096 bytes'],
    ['too large', `{"a":"${'x'.repeat(4_090)}"}`, 'has 4098 bytes as compact JSON, more than the 4096'],
    ['too deep', `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`, 'is nested more than 8 levels deep'],
    ['too deep in lists', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'is nested more than 8 levels deep'],
  ])('rejects its item alone when it is %s', async (_, context, message) => {
    const { report } = await reportOfManifest({
      items: [ITEM, { ...ITEM, context: JSON.parse(context) as unknown, parameters: { seed: 1 } }],
    })
    expect(report).toMatchObject({
      state: 'partly',
      jobs: [{ item: 1 }],
      faults: [{ item: 2, field: 'items[1].context', message: expect.stringContaining(message) }],
    })
    expect(report).not.toHaveProperty('contexts')
  })
})

describe('the context of an image', () => {
  test('is read from its metadata', async () => {
    const setup = ingestSetup()
    await setup.upload(KEY, PNG, { metadata: { 'svd-context': '{"order": "\\u00e9"}' } })
    expect(await setup.report(KEY)).toMatchObject({
      state: 'accepted',
      contexts: [{ item: null, context: { order: 'é' } }],
    })
  })

  test('is read from its sidecar if that has one', async () => {
    const setup = ingestSetup()
    await setup.put(`${KEY}.json`, '{"context": {"order": 2}}')
    await setup.upload(KEY, PNG, { metadata: { 'svd-context': '{"order": 1}' } })
    expect(await setup.report(KEY)).toMatchObject({ contexts: [{ context: { order: 2 } }] })
  })

  test('changes with a late sidecar, but the job does not', async () => {
    const setup = ingestSetup()
    await setup.upload(KEY, PNG, { metadata: { 'svd-context': '{"order": 1}' } })
    await setup.upload(`${KEY}.json`, '{"context": {"order": 2}}')
    expect(setup.jobs()).toHaveLength(1)
    expect(await setup.report(KEY)).toMatchObject({
      jobs: [{ job_id: setup.jobs()[0]?.job_id }],
      superseded: [],
      contexts: [{ context: { order: 2 } }],
    })
  })

  test.each([
    ['order 7', 'svd-context', /is not JSON .* characters beyond ASCII as \\u00e9$/],
    ['7', 'svd-context', /^got 7; must be a JSON object such as \{"order": 7\}$/],
    ['[{]', 'svd-context', /is not JSON/],
    ['{"a":1,"a":2}', 'svd-context', /has the key "a" twice/],
  ])('rejects the image when its metadata is %s', async (text, field, message) => {
    const setup = ingestSetup()
    await setup.upload(KEY, PNG, { metadata: { 'svd-context': text } })
    expect(await setup.report(KEY)).toMatchObject({
      state: 'rejected',
      faults: [{ field, message: expect.stringMatching(message) }],
    })
    expect(setup.jobs()).toEqual([])
  })

  test('rejects the image when it is faulty in the sidecar', async () => {
    const setup = ingestSetup()
    await setup.put(`${KEY}.json`, '{"context": 7}')
    await setup.upload(KEY, PNG)
    expect(await setup.report(KEY)).toMatchObject({
      state: 'rejected',
      faults: [{ field: 'sidecar.context' }],
    })
  })

  test('rejects the image when its metadata name has two spellings', async () => {
    const setup = ingestSetup()
    await setup.upload(KEY, PNG, { metadata: { 'svd-context': '{}', svd_context: '{}' } })
    expect(await setup.report(KEY)).toMatchObject({ state: 'rejected', faults: [{ field: 'svd-context' }] })
  })

  test('is in the report of a rejected image, so that the sender gets it back', async () => {
    const setup = ingestSetup()
    await setup.upload(KEY, PNG, { metadata: { 'svd-context': '{"order": 1}', 'svd-fps': 'x' } })
    expect(await setup.report(KEY)).toMatchObject({
      state: 'rejected',
      contexts: [{ context: { order: 1 } }],
    })
  })
})
