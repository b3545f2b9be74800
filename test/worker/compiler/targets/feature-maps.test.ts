import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import { FLOAT32_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'
import { CHANNELS, CLIPS, FRAMES, runOnImages, SIZE, X } from './some-images.ts'

describe.each(FLOAT32_TARGETS)('target $name', (target) => {
  test('counts clips and frames', () => {
    const g = createGraph('images')
    expect(target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)).toMatchObject({
      kind: 'images',
      clips: CLIPS,
      frames: FRAMES,
      channels: CHANNELS,
      height: SIZE[0],
      width: SIZE[1],
    })
  })

  /** A mix whose temporal side has a share of one, so that a blend only reorders tokens. */
  const onlyTemporal = async () =>
    bindMix(await storedWeights({ mix_factor: { data: Float32Array.of(100), shape: [1] } }), {
      switched: true,
    })

  test('returns images from clips unchanged, and adds tokens and temporal tokens to their pixels', async () => {
    const there = await runOnImages(target, (g, x) => target.toImages(g, target.toClips(g, x)))
    expect(there).toEqual(X)
    const doubled = { data: X.data.map((value) => 2 * value), shape: X.shape }
    const tokens = await runOnImages(target, (g, x) => target.addTokens(g, x, target.toTokens(g, x)))
    expect(tokens).toEqual(doubled)
    const mix = await onlyTemporal()
    const temporal = await runOnImages(target, (g, x) => {
      const spatial = target.toTokens(g, x)
      const byPixel = target.toTemporalTokens(g, spatial, FRAMES)
      expect(byPixel).toMatchObject({ rows: CLIPS * SIZE[0] * SIZE[1], length: FRAMES, channels: CHANNELS })
      return target.addTokens(g, x, target.blend(g, spatial, byPixel, mix))
    })
    expect(temporal).toEqual(doubled)
  })

  test('makes one sequence of temporal tokens for each pixel of a clip, in the order of frames', async () => {
    const g = createGraph('tokens')
    const images = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
    const temporal = target.toTemporalTokens(g, target.toTokens(g, images), FRAMES)
    g.output('tokens', target.tokensToMatrix(g, temporal))
    const { data } = (await runGraph(g, { x: X }))['tokens']!
    const pixels = SIZE[0] * SIZE[1]
    const length = FRAMES * CHANNELS
    const actual = Array.from({ length: CLIPS * pixels }, (_, i) => data.slice(i * length, (i + 1) * length))
    const expected = Array.from({ length: CLIPS * pixels }, (_, sequence) =>
      Float32Array.from({ length }, (_, i) => {
        const [clip, pixel] = [Math.floor(sequence / pixels), sequence % pixels]
        const [frame, channel] = [Math.floor(i / CHANNELS), i % CHANNELS]
        return X.data[((clip * FRAMES + frame) * CHANNELS + channel) * pixels + pixel]!
      }),
    )
    // A target chooses the order of the sequences.
    const sorted = (sequences: readonly ArrayLike<number>[]) =>
      sequences.map((sequence) => Array.from(sequence)).toSorted((a, b) => a[0]! - b[0]!)
    expect(sorted(actual)).toEqual(sorted(expected))
  })

  test('makes one token for each pixel, in the order of images', async () => {
    const g = createGraph('tokens')
    const tokens = target.toTokens(g, target.imagesFromNchw(g, g.input('x', X.shape), FRAMES))
    expect(tokens).toMatchObject({ rows: CLIPS * FRAMES, length: SIZE[0] * SIZE[1], channels: CHANNELS })
    g.output('tokens', target.tokensToMatrix(g, tokens))
    const results = await runGraph(g, { x: X })
    const pixels = SIZE[0] * SIZE[1]
    const [channel, image, pixel] = [7, 5, 13]
    const expected = X.data[(image * CHANNELS + channel) * pixels + pixel]!
    expect(results['tokens']!.data[(image * pixels + pixel) * CHANNELS + channel]).toBe(expected)
  })

  test('passes images to another graph without reordering them', async () => {
    const first = createGraph('first')
    target.outputImages(first, 'images', target.imagesFromNchw(first, first.input('x', X.shape), FRAMES))
    const { images } = await runGraph(first, { x: X })
    const plain = createGraph('plain')
    target.imagesFromNchw(plain, plain.input('x', X.shape), FRAMES)
    const reordering = (graph: Graph) => graph.nodes.map(({ op }) => op).filter((op) => op !== 'Identity')
    expect(reordering(first)).toEqual(reordering(plain))
    const second = createGraph('second')
    const [height, width] = SIZE
    const size = { clips: CLIPS, frames: FRAMES, channels: CHANNELS, height, width }
    second.output('y', target.imagesToNchw(second, target.inputImages(second, 'images', size)))
    expect((await runGraph(second, { images: images! }))['y']).toEqual(X)
  })

  test('adds the image of a clip to each frame of the clip', async () => {
    const perClip = someTensor(31, [CLIPS, CHANNELS, ...SIZE])
    const g = createGraph('outer')
    const frames = target.imagesFromNchw(g, g.input('x', [FRAMES, CHANNELS, ...SIZE]), FRAMES)
    const sum = target.addFramesToClips(g, frames, target.imagesFromNchw(g, g.input('c', perClip.shape), 1))
    expect(sum).toMatchObject({ clips: CLIPS, frames: FRAMES })
    g.output('y', target.imagesToNchw(g, sum))
    const size = CHANNELS * SIZE[0] * SIZE[1]
    const x = { data: X.data.slice(0, FRAMES * size), shape: [FRAMES, CHANNELS, ...SIZE] }
    const data = Float32Array.from({ length: CLIPS * FRAMES * size }, (_, i) => {
      const [clip, rest] = [Math.floor(i / (FRAMES * size)), i % size]
      return x.data[i % (FRAMES * size)]! + perClip.data[clip * size + rest]!
    })
    expect((await runGraph(g, { x, c: perClip }))['y']).toEqual({ data, shape: X.shape })
  })

  test('splits images with large maps into chunks, and joins the results', async () => {
    const seen: number[] = []
    const actual = await runOnImages(target, (g, x) => {
      const y = target.inImagePieces(g, x, 2 ** 30, (piece) => {
        expect(piece).toMatchObject({ clips: 1, channels: CHANNELS })
        seen.push(piece.frames)
        return target.addTokens(g, piece, target.toTokens(g, piece))
      })
      expect(y).toMatchObject({ clips: CLIPS, frames: FRAMES })
      return y
    })
    expect(seen).toEqual([1, 1, 1, 1, 1, 1])
    expect(actual).toEqual({ data: X.data.map((value) => 2 * value), shape: X.shape })
  })

  test('does not split images with small maps', () => {
    const g = createGraph('images')
    const x = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
    expect(target.inImagePieces(g, x, 1, (piece) => piece)).toBe(x)
  })

  test('joins the channels of two images in order', async () => {
    const other = someTensor(10, [CLIPS * FRAMES, 32, ...SIZE])
    const actual = await runOnImages(
      target,
      (g, x, inputs) => target.concatChannels(g, x, target.imagesFromNchw(g, inputs['other']!, FRAMES)),
      { other },
    )
    const [own, others] = [X, other].map(({ data }) => data.length / (CLIPS * FRAMES)) as [number, number]
    const data = Array.from({ length: CLIPS * FRAMES }, (_, i) => [
      ...X.data.subarray(i * own, (i + 1) * own),
      ...other.data.subarray(i * others, (i + 1) * others),
    ]).flat()
    expect(actual).toEqual({ data: Float32Array.from(data), shape: [CLIPS * FRAMES, CHANNELS + 32, ...SIZE] })
  })
})
