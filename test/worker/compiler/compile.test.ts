import { beforeAll, describe, expect, test } from 'vitest'
import { type Checkpoint, openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, clipCompiler, compileClip } from '../../../worker/compiler/compile.ts'
import type { Graph } from '../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../worker/compiler/graph/statistics.ts'
import { unetBlocks } from '../../../worker/compiler/networks/unet-blocks.ts'
import { cpuTarget } from '../../../worker/compiler/targets/cpu.ts'
import { nchwcTarget } from '../../../worker/compiler/targets/nchwc.ts'
import { oneTarget } from '../../../worker/compiler/targets/target.ts'
import { XT_CONFIGS } from '../../fixtures/checkpoint-folder.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

/** FLOPs that the reference takes for what this graph does: those that run and those that algebra avoids. */
const referenceFlops = (graph: Graph): number => {
  const { flops, avoidedFlops } = statisticsOf(graph)
  return flops + Object.values(avoidedFlops).reduce((sum, part) => sum + part, 0)
}

/** Blocks of 8 and 16 channels: processors with AVX2 and with AVX-512. */
const TARGETS = [cpuTarget, nchwcTarget(8), nchwcTarget(16)]

const CLIP = {
  width: 1024,
  height: 576,
  numFrames: 25,
  guidance: true,
  feedForwardChunks: 1,
} as const

/*
 * SVD-XT at 1024x576, 25 frames, both passes of guidance: counted from the published widths by the formulas of the
 * reference's layers, two per multiply-add of convolutions, linear layers and attention's products.
 */
const REFERENCE_FLOPS = {
  unetGuided: 159_896_460_492_800,
  unetSingle: 79_948_230_246_400,
  vaeDecoder: 173_574_202_982_400,
  vaeEncoder: 2_609_118_314_496,
  imageEncoder: 334_590_279_680,
} as const

describe.each(TARGETS)('compileClip of the config files of SVD-XT alone, for target $name', (target) => {
  let checkpoint: Checkpoint
  let graphs: ClipGraphs
  beforeAll(async () => {
    checkpoint = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
    graphs = compileClip(checkpoint, { ...CLIP, targets: oneTarget(target) })
    graphs.checkWeights()
  })

  test('counts as many parameters in each network as the published files have', () => {
    expect(graphs.weights.unet.parameterCount()).toBe(1_524_623_082)
    expect(graphs.weights.vae.parameterCount()).toBe(97_742_847)
    expect(graphs.weights.imageEncoder.parameterCount()).toBe(632_076_800)
  })

  /** FLOPs of a step that the reference repeats: time projections of every ResNet pair and of frame numbers. */
  const repeatedFlops = (clips: 1 | 2): number => {
    const { unet } = checkpoint
    const { down, mid, up } = unetBlocks(unet.config)
    const blocks = [...down, mid, ...up]
    const timeEmbedDim = 4 * unet.config.blockOutChannels[0]!
    const rows = clips * CLIP.numFrames
    let flops = 0
    for (const { resnets, attention, path } of blocks) {
      for (const { outChannels } of resnets) flops += 2 * (2 * timeEmbedDim * outChannels) * (rows - 1)
      if (attention === null) continue
      const attentions = path[0] === 'mid_block' ? 1 : resnets.length
      flops += attentions * 2 * (2 * attention.channels * 4 * attention.channels) * rows
    }
    return flops
  }

  test.each([
    ['both passes', 2, () => graphs.denoiseStep(), REFERENCE_FLOPS.unetGuided],
    ['one pass', 1, () => graphs.predictionStep(), REFERENCE_FLOPS.unetSingle],
  ] as const)(
    'records a step of %s with the FLOPs of the reference, except for embeddings repeated for each frame',
    (_, clips, record, expected) => {
      expect(referenceFlops(record()) + repeatedFlops(clips)).toBe(expected)
      expect(repeatedFlops(clips) / expected).toBeLessThan(1e-4)
    },
  )

  test('records a decoder with the FLOPs of the reference', () => {
    expect(referenceFlops(graphs.vaeDecoder(25))).toBe(REFERENCE_FLOPS.vaeDecoder)
  })

  test('records a VAE encoder with the FLOPs of the reference, except for the variances of the posterior', () => {
    const variances = 2 * 8 * 4 * (1024 / 8) * (576 / 8)
    expect(referenceFlops(graphs.vaeEncoder()) + variances).toBe(REFERENCE_FLOPS.vaeEncoder)
  })

  test('records an image encoder with the FLOPs of the reference', () => {
    expect(referenceFlops(graphs.imageEncoder())).toBe(REFERENCE_FLOPS.imageEncoder)
  })

  test('counts the FLOPs that it avoids in cross-attention and in conv_in', () => {
    const { avoidedFlops } = statisticsOf(graphs.denoiseStep())
    expect(avoidedFlops['cross-attention over a single context token']).toBe(5_982_536_663_040)
    expect(avoidedFlops['conv_in over the image latents and over both passes']).toBe(15_925_248_000)
  })

  test('chunks feed-forwards without more FLOPs or a higher peak of activation bytes', () => {
    // At 1024x576, targets chunk large feed-forwards by themselves, and more chunks change nothing.
    const stepIn = (feedForwardChunks: number): Graph =>
      compileClip(checkpoint, {
        ...{ ...CLIP, width: 512, height: 320, numFrames: 14 },
        ...{ targets: oneTarget(target), feedForwardChunks },
      }).denoiseStep()
    const [whole, chunked] = [stepIn(1), stepIn(8)]
    expect(chunked.nodes.length).toBeGreaterThan(whole.nodes.length)
    expect(statisticsOf(chunked).flops).toBe(statisticsOf(whole).flops)
    expect(statisticsOf(chunked).peakActivationBytes).toBeLessThanOrEqual(
      statisticsOf(whole).peakActivationBytes,
    )
  })
})

describe('the graphs of a clip', () => {
  const options = { ...CLIP, width: 64, height: 64, numFrames: 2 }

  test('are recorded once for each set of arguments', async () => {
    const graphs = compileClip(await openCheckpoint(XT_CONFIGS, { weights: 'optional' }), {
      ...options,
      targets: oneTarget(cpuTarget),
    })
    expect(graphs.conditioning(1)).toBe(graphs.conditioning(1))
    expect(graphs.conditioning(1)).not.toBe(graphs.conditioning(2))
    expect(graphs.vaeDecoder(1)).toBe(graphs.vaeDecoder(1, 'float'))
    expect(graphs.vaeDecoder(1)).not.toBe(graphs.vaeDecoder(1, 'rgb'))
  })

  test('are compiled once for equal options of one compiler', async () => {
    const compile = clipCompiler(await openCheckpoint(XT_CONFIGS, { weights: 'optional' }))
    const compiled = compile({ ...options, targets: oneTarget(cpuTarget) })
    expect(compile({ ...options, targets: oneTarget(cpuTarget) })).toBe(compiled)
    expect(compile({ ...options, targets: oneTarget(nchwcTarget(8)) })).not.toBe(compiled)
    expect(compile({ ...options, targets: oneTarget(cpuTarget), guidance: false })).not.toBe(compiled)
  })
})

describe('a UNet whose first level has no cross-attention', () => {
  test('takes the context at the width of the levels with cross-attention', async () => {
    const { unet } = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
    const widths = [320, ...unet.config.crossAttentionDim.slice(1)]
    const config = {
      ...unet.config,
      crossAttentionDim: widths,
      downBlockTypes: unet.config.downBlockTypes.with(0, 'DownBlockSpatioTemporal'),
      upBlockTypes: unet.config.upBlockTypes.with(-1, 'UpBlockSpatioTemporal'),
    }
    const others = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
    const graphs = compileClip(
      { ...others, unet: { ...unet, config } },
      { ...CLIP, targets: oneTarget(cpuTarget) },
    )
    const [embeds] = graphs.conditioning(2).inputs
    expect(embeds?.shape).toEqual([2, 1, 1024])
    expect(() => graphs.denoiseStep()).not.toThrow()
  })
})

describe('a tensor that config.json does not account for', () => {
  const withTensor = async (key: string): Promise<ClipGraphs> => {
    const dir = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'))
    const checkpoint = await openCheckpoint(dir)
    const { imageEncoder } = checkpoint
    const [first] = imageEncoder.tensors!.values()
    const tensors = new Map([...imageEncoder.tensors!, [key, { ...first!, key }]])
    const input = { ...checkpoint, imageEncoder: { ...imageEncoder, tensors } }
    return compileClip(input, { ...CLIP, targets: oneTarget(cpuTarget), width: 64, height: 64 })
  }

  test('is accepted if it holds the position ids that older files have', async () => {
    const { checkWeights } = await withTensor('vision_model.embeddings.position_ids')
    expect(() => checkWeights()).not.toThrow()
  })

  test('is refused with its key otherwise', async () => {
    const { checkWeights } = await withTensor('text_projection.weight')
    expect(() => checkWeights()).toThrow(
      'image_encoder: the checkpoint holds 1 tensor(s) that config.json does not account for: text_projection.weight',
    )
  })
})
