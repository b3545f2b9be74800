import { expect, test } from 'vitest'
import { attentionOf } from '../../../worker/cuda/card-attention.ts'
import { aCard } from './a-card.ts'

const hopper = aCard({ computeCapability: { major: 9, minor: 0 } })

test('a GPU of compute capability 9.0 uses attention by cuDNN, unless the variable turns it off', () => {
  expect(attentionOf(hopper, {})).toBe(
    'attention by cuDNN (ORT_ENABLE_CUDNN_FLASH_ATTENTION=0 takes flash attention instead)',
  )
  expect(attentionOf(hopper, { ORT_ENABLE_CUDNN_FLASH_ATTENTION: '0' })).toBe(
    'flash attention, because ORT_ENABLE_CUDNN_FLASH_ATTENTION is 0',
  )
})

test('attentionOf returns null for other GPUs, which have no choice', () => {
  expect(attentionOf(aCard(), {})).toBeNull()
})
