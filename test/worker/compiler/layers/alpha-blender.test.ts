import { describe, test } from 'vitest'
import { blendFactors } from '../../../../worker/compiler/layers/alpha-blender.ts'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

describe('the mix factor', () => {
  test.each([
    { switched: false, factors: (alpha: number) => ({ spatial: alpha, temporal: 1 - alpha }) },
    { switched: true, factors: (alpha: number) => ({ spatial: 1 - alpha, temporal: alpha }) },
  ])('weighs one side by its sigmoid, the other by the rest; switched: $switched', async (mix) => {
    const { scope } = await openLayerGolden('tiny', 'unet', 'down_blocks.0.resnets.0')
    const mixer = into(scope, 'time_mixer')
    const { g, target } = scope
    const { spatial, temporal } = blendFactors(mixer, mix)
    g.output('spatial', spatial)
    g.output('temporal', temporal)
    g.output('mix_factor', target.parameter(g, mixer.w.tensor('mix_factor', [1])))
    const results = await runGraph(g, {})
    const expected = mix.factors(sigmoid(results['mix_factor']!.data[0]!))
    expectClose(results['spatial']!, tensorOf([expected.spatial]), { absolute: 1e-7 })
    expectClose(results['temporal']!, tensorOf([expected.temporal]), { absolute: 1e-7 })
  })
})
