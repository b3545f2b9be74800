import { describe, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import { mixShares } from '../../../../worker/compiler/targets/mix-shares.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'
import { storedWeights } from '../../../fixtures/stored-weights.ts'

const FACTOR = 0.7
const alpha = 1 / (1 + Math.exp(-FACTOR))

describe('mixShares', () => {
  test.each([
    { switched: false, spatial: alpha, temporal: 1 - alpha },
    { switched: true, spatial: 1 - alpha, temporal: alpha },
  ])(
    'gives one side the sigmoid of the factor and the other side the rest; switched: $switched',
    async (expected) => {
      const w = await storedWeights({ mix_factor: { data: Float32Array.of(FACTOR), shape: [1] } })
      const g = createGraph('mix')
      const { spatial, temporal } = mixShares(g, bindMix(w, expected))
      g.output('spatial', spatial)
      g.output('temporal', temporal)
      const results = await runGraph(g, {})
      expectClose(results['spatial']!, tensorOf([expected.spatial]), { absolute: 1e-7 })
      expectClose(results['temporal']!, tensorOf([expected.temporal]), { absolute: 1e-7 })
    },
  )
})
