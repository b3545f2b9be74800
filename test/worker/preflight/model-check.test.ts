import { expect, test } from 'vitest'
import { checkModel } from '../../../worker/preflight/model-check.ts'
import { DEMO_DIR, demoRecord } from '../models/a-pushed-model.ts'

test('the check of a model returns the opened model and describes its record', async () => {
  const record = { ...(await demoRecord()), model_id: 'svd-xt', sha256: '0123456789abcdef'.repeat(4) }
  const opened = { dir: DEMO_DIR, record, variant: null }
  const sources: string[] = []
  const { check, model } = await checkModel('s3://models/models/svd-xt/', async (source) => {
    sources.push(source)
    return opened
  })
  expect(model).toBe(opened)
  expect(sources).toEqual(['s3://models/models/svd-xt/'])
  expect(check).toEqual({
    ...{ name: 'model', status: 'ok', fix: null },
    found: `svd-xt, 10 files of 14.9 MB, sha256 0123456789ab, in ${DEMO_DIR}`,
  })
})

test('the check of a model that cannot be opened returns no model and reports the reason', async () => {
  const { check, model } = await checkModel('DIR', () => Promise.reject(new Error('unet: is missing')))
  expect(model).toBeNull()
  expect(check).toEqual({
    ...{ name: 'model', status: 'fail', found: 'unet: is missing', fix: 'see the message' },
  })
})
