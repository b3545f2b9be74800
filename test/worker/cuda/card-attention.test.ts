import { expect, test } from 'vitest'
import { attentionOf } from '../../../worker/cuda/card-attention.ts'
import { aCard } from './a-card.ts'

const hopper = aCard({ computeCapability: { major: 9, minor: 0 } })

test('on compute capability 9.0 attention is cuDNN’s, unless the variable says otherwise', () => {
  expect(attentionOf(hopper, {})).toBe(
    'attention by cuDNN (ORT_ENABLE_CUDNN_FLASH_ATTENTION=0 takes flash attention instead)',
  )
  expect(attentionOf(hopper, { ORT_ENABLE_CUDNN_FLASH_ATTENTION: '0' })).toBe(
    'flash attention, because ORT_ENABLE_CUDNN_FLASH_ATTENTION is 0',
  )
})

test('on other cards there is nothing to choose', () => {
  expect(attentionOf(aCard(), {})).toBeNull()
})
