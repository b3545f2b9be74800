import { expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { describeModel } from '../../../worker/models/describe-model.ts'
import { identifyModel, modelIdOfFolder } from '../../../worker/models/identify-model.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { DEMO_DIR } from './a-pushed-model.ts'

test('identifyModel returns the hash that the record of the model has', async () => {
  const { sha256 } = await describeModel(DEMO_DIR, { modelId: 'demo', variant: null }, unaborted)
  expect(await identifyModel(DEMO_DIR, await openCheckpoint(DEMO_DIR), unaborted)).toEqual({
    id: 'demo',
    sha256,
  })
})

test.each([
  ['/models/svd-xt', 'svd-xt'],
  ['/models/My Model (1)/', 'MyModel1'],
  ['/models/.hidden', 'hidden'],
  ['/models/\u65e5\u672c', 'model'],
])('modelIdOfFolder of %s is %s', (dir, id) => {
  expect(modelIdOfFolder(dir)).toBe(id)
})

test('an abort ends the hashing of identifyModel', async () => {
  const reason = new Error('stopped')
  const identifying = identifyModel(DEMO_DIR, await openCheckpoint(DEMO_DIR), AbortSignal.abort(reason))
  await expect(identifying).rejects.toThrow()
})
