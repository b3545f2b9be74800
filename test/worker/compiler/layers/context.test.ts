import { expect, test } from 'vitest'
import { crossAttentionFlops } from '../../../../worker/compiler/layers/context.ts'

test('crossAttentionFlops counts queries, outputs and products per token, and keys and values per context', () => {
  const perToken = 2 * 8 * 8 + 2 * 8 * 8 + 2 * 8 + 2 * 8
  const perContext = 2 * 4 * 8 + 2 * 4 * 8
  expect(crossAttentionFlops({ channels: 8, crossAttentionDim: 4 }, { tokens: 30, contexts: 3 })).toBe(
    30 * perToken + 3 * perContext,
  )
})
