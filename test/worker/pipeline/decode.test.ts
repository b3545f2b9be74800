import { describe, expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import type { ClipNetworks, Tensors } from '../../../worker/pipeline/clip-networks.ts'
import { type DecodeOptions, decodeFrames } from '../../../worker/pipeline/decode.ts'
import type { RgbFrame } from '../../../worker/pipeline/image/frames.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'
import { NO_NETWORKS } from './no-networks.ts'

/** Latents [frames, 1, 1, 2]: frame number and its negative. */
const latentsOf = (frames: number): Tensor =>
  tensorOf(Array.from({ length: frames }, (_, i) => [i, -i]).flat(), [frames, 1, 1, 2])

/** Each call's frames are so much brighter than the call's before. */
const PER_CALL = 96

/**
 * A decoder of images of one pixel: red is the number of the frame plus 96 for every call before, green and blue are
 * one and two more.
 */
const aDecoder = () => {
  const calls: { readonly as: 'float' | 'rgb'; readonly frames: readonly number[] }[] = []
  const colours = (as: 'float' | 'rgb', count: number, { latents }: Tensors): number[] => {
    const { data, shape } = latents!
    expect(shape).toEqual([count, 1, 1, 2])
    const frames = [...data].filter((_, i) => i % 2 === 0)
    const offset = PER_CALL * calls.length
    calls.push({ as, frames })
    return frames.flatMap((frame) => [0, 1, 2].map((channel) => frame + offset + channel))
  }
  const decode: ClipNetworks['decode'] = async (count, inputs) => {
    const values = colours('float', count, inputs).map((byte) => byte / 127.5 - 1)
    return { frames: tensorOf(values, [count, 3, 1, 1]) }
  }
  const decodeRgb: ClipNetworks['decodeRgb'] = async (count, inputs) => {
    const data = Uint8Array.from(colours('rgb', count, inputs))
    return { rgb: { data, shape: [count, 1, 1, 3] }, nonFiniteValues: tensorOf(new Array(count).fill(0)) }
  }
  return {
    calls: () => calls.map(({ frames }) => frames),
    forms: () => [...new Set(calls.map(({ as }) => as))],
    networks: { ...NO_NETWORKS, decode, decodeRgb },
  }
}

const decodeAll = async (
  frames: number,
  options: Pick<DecodeOptions, 'chunkSize' | 'overlap'> & Partial<DecodeOptions>,
) => {
  const { calls, forms, networks } = aDecoder()
  const progress: string[] = []
  const images: RgbFrame[] = []
  const onChunk = (chunk: number, chunks: number) => progress.push(`${chunk} of ${chunks}`)
  const signal = new AbortController().signal
  for await (const image of decodeFrames(latentsOf(frames), {
    ...{ networks, onChunk, signal, onFallback: () => {} },
    ...options,
  })) {
    images.push(image)
  }
  const reds = images.map(({ bytes }) => bytes[0]!)
  return { calls: calls(), forms: forms(), progress, images, reds }
}

const pixel = (...bytes: readonly number[]): RgbFrame => ({
  bytes: Uint8Array.from(bytes),
  nonFiniteValues: 0,
})

describe('decodeFrames without overlap', () => {
  test('takes every frame from its own chunk', async () => {
    const { calls, reds, images, progress } = await decodeAll(5, { chunkSize: 2, overlap: 0 })
    expect(calls).toEqual([[0, 1], [2, 3], [4]])
    expect(reds).toEqual([0, 1, 96 + 2, 96 + 3, 192 + 4])
    expect(images[3]).toEqual(pixel(99, 100, 101))
    expect(progress).toEqual(['0 of 3', '1 of 3', '2 of 3', '3 of 3'])
  })

  test('cuts chunks across videos, as the reference cuts them', async () => {
    const { calls } = await decodeAll(2 * 5, { chunkSize: 4, overlap: 0 })
    expect(calls).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ])
  })

  test('decodes to bytes, and counts the non-finite values of each frame', async () => {
    const { forms, networks } = aDecoder()
    const decodeRgb: ClipNetworks['decodeRgb'] = async (count, inputs) => ({
      ...(await networks.decodeRgb(count, inputs)),
      nonFiniteValues: tensorOf([...inputs['latents']!.data].filter((_, i) => i % 2 === 0)),
    })
    const frames = decodeFrames(latentsOf(5), {
      networks: { ...networks, decodeRgb },
      chunkSize: 2,
      overlap: 0,
      onChunk: () => {},
      onFallback: () => {},
      signal: new AbortController().signal,
    })
    const counts = (await Array.fromAsync(frames)).map(({ nonFiniteValues }) => nonFiniteValues)
    expect(counts).toEqual([0, 1, 2, 3, 4])
    expect(forms()).toEqual(['rgb'])
  })
})

describe('decodeFrames with overlap', () => {
  test('blends two chunks over the frames that they share', async () => {
    const { calls, reds, images } = await decodeAll(7, { chunkSize: 4, overlap: 1 })
    expect(calls).toEqual([
      [0, 1, 2, 3],
      [3, 4, 5, 6],
    ])
    expect(reds).toEqual([0, 1, 2, 3 + 48, 96 + 4, 96 + 5, 96 + 6])
    expect(images[3]).toEqual(pixel(51, 52, 53))
  })

  test('blends in even steps over several frames', async () => {
    const { reds } = await decodeAll(5, { chunkSize: 4, overlap: 3 })
    expect(reds).toEqual([0, 1 + 24, 2 + 48, 3 + 72, 96 + 4])
  })

  test('blends again if a frame lies in three chunks', async () => {
    const { calls, reds } = await decodeAll(5, { chunkSize: 3, overlap: 2 })
    expect(calls).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
    ])
    const [third, twoThirds] = [96 / 3, 192 / 3]
    const frame2 = 2 + twoThirds + (192 - twoThirds) / 3
    const frame3 = 3 + 96 + twoThirds
    expect(reds).toEqual([0, 1 + third, Math.round(frame2), Math.round(frame3), 192 + 4])
  })

  test('blends before it rounds', async () => {
    const { networks, forms } = aDecoder()
    // 100.4 and 101.4 of 255: rounded first they would blend to 100.5, which is 100.
    const values = [100.4, 101.4].map((byte) => byte / 127.5 - 1)
    const decode: ClipNetworks['decode'] = async (count, inputs) => {
      await networks.decode(count, inputs)
      const value = values.shift()!
      return { frames: tensorOf(new Array(count * 3).fill(value), [count, 3, 1, 1]) }
    }
    const frames = decodeFrames(latentsOf(3), {
      networks: { ...networks, decode },
      chunkSize: 2,
      overlap: 1,
      onChunk: () => {},
      onFallback: () => {},
      signal: new AbortController().signal,
    })
    expect(await Array.fromAsync(frames)).toEqual([100, 101, 101].map((grey) => pixel(grey, grey, grey)))
    expect(forms()).toEqual(['float'])
  })

  test('counts the non-finite values after it has blended', async () => {
    const { networks } = aDecoder()
    const decode: ClipNetworks['decode'] = async (count, inputs) => {
      const { frames } = await networks.decode(count, inputs)
      return { frames: { ...frames!, data: frames!.data.with(count * 3 - 1, Number.NaN) } }
    }
    const frames = decodeFrames(latentsOf(3), {
      networks: { ...networks, decode },
      chunkSize: 2,
      overlap: 1,
      onChunk: () => {},
      onFallback: () => {},
      signal: new AbortController().signal,
    })
    const counts = (await Array.fromAsync(frames)).map(({ nonFiniteValues }) => nonFiniteValues)
    expect(counts).toEqual([0, 1, 1])
  })

  test('decodes a clip that fits into one chunk, without blending', async () => {
    const { calls, forms } = await decodeAll(3, { chunkSize: 4, overlap: 2 })
    expect(calls).toEqual([[0, 1, 2]])
    // Nothing is blended.
    expect(forms).toEqual(['rgb'])
  })
})

test('decodeFrames decodes a chunk only when its first frame is taken', async () => {
  const { calls, networks } = aDecoder()
  const signal = new AbortController().signal
  const options = { networks, chunkSize: 2, overlap: 0, onChunk: () => {}, onFallback: () => {}, signal }
  const frames = decodeFrames(latentsOf(6), options)
  expect(calls()).toHaveLength(0)
  await frames.next()
  await frames.next()
  expect(calls()).toHaveLength(1)
  await frames.next()
  expect(calls()).toHaveLength(2)
})

test('an abort stops decodeFrames before the next chunk, with its reason', async () => {
  const { calls, networks } = aDecoder()
  const controller = new AbortController()
  const reason = new Error('the lease was lost')
  const options = {
    networks,
    chunkSize: 2,
    overlap: 0,
    onChunk: () => {},
    onFallback: () => {},
    signal: controller.signal,
  }
  const frames = decodeFrames(latentsOf(6), options)
  await frames.next()
  controller.abort(reason)
  expect((await frames.next()).done).toBe(false)
  await expect(frames.next()).rejects.toBe(reason)
  expect(calls()).toHaveLength(1)
})

describe('a chunk that overflows in float16', () => {
  /** The colour of every exact frame, for all latents. */
  const GREEN = [0, 200, 0]

  /** Decodes chunks that hold frame 2 to values that are not finite. The exact decoder gives green frames. */
  const overflowing = () => {
    const { networks } = aDecoder()
    const holds = ({ latents }: Tensors): boolean => [...latents!.data].includes(2)
    const exact: (readonly number[])[] = []
    const note = ({ latents }: Tensors): void => {
      exact.push([...latents!.data].filter((_, i) => i % 2 === 0))
    }
    const decode: ClipNetworks['decode'] = async (count, inputs) => {
      const { frames } = await networks.decode(count, inputs)
      return { frames: holds(inputs) ? { ...frames!, data: frames!.data.fill(Number.NaN) } : frames! }
    }
    const decodeRgb: ClipNetworks['decodeRgb'] = async (count, inputs) => ({
      ...(await networks.decodeRgb(count, inputs)),
      nonFiniteValues: tensorOf(new Array(count).fill(holds(inputs) ? 3 : 0)),
    })
    const exactDecoder: ClipNetworks['exactDecoder'] = {
      async decode(count, inputs) {
        note(inputs)
        const values = Array.from({ length: count }, () => GREEN.map((byte) => byte / 127.5 - 1)).flat()
        return { frames: tensorOf(values, [count, 3, 1, 1]) }
      },
      async decodeRgb(count, inputs) {
        note(inputs)
        const data = Uint8Array.from(Array.from({ length: count }, () => GREEN).flat())
        return { rgb: { data, shape: [count, 1, 1, 3] }, nonFiniteValues: tensorOf(new Array(count).fill(0)) }
      },
    }
    return { exact, networks: { ...networks, decode, decodeRgb, exactDecoder } }
  }

  const decodeOverflowing = async (
    options: Pick<DecodeOptions, 'chunkSize' | 'overlap' | 'exactChunkSize'>,
    { latents = latentsOf(5), withExact = true } = {},
  ) => {
    const { exact, networks } = overflowing()
    let fallbacks = 0
    const frames = await Array.fromAsync(
      decodeFrames(latents, {
        ...options,
        networks: withExact ? networks : { ...networks, exactDecoder: null },
        onChunk: () => {},
        onFallback: () => fallbacks++,
        signal: new AbortController().signal,
      }),
    )
    return { exact, fallbacks, frames }
  }

  test('gets a fallback decode in float32, whose frames are used', async () => {
    const { exact, fallbacks, frames } = await decodeOverflowing({ chunkSize: 2, overlap: 0 })
    expect({ exact, fallbacks }).toEqual({ exact: [[2, 3]], fallbacks: 1 })
    expect(frames.map(({ nonFiniteValues }) => nonFiniteValues)).toEqual([0, 0, 0, 0, 0])
    expect(frames.slice(1, 4)).toEqual([pixel(1, 2, 3), pixel(...GREEN), pixel(...GREEN)])
  })

  test('is decoded in float32 before it is blended with other chunks', async () => {
    const { exact, fallbacks, frames } = await decodeOverflowing({ chunkSize: 3, overlap: 1 })
    expect({ exact, fallbacks }).toEqual({
      exact: [
        [0, 1, 2],
        [2, 3, 4],
      ],
      fallbacks: 2,
    })
    expect(frames).toEqual(new Array(5).fill(pixel(...GREEN)))
  })

  test('is decoded in shorter chunks that share two frames, if it does not fit in float32', async () => {
    const { exact, fallbacks, frames } = await decodeOverflowing({
      ...{ chunkSize: 5, overlap: 0, exactChunkSize: () => 3 },
    })
    expect({ exact, fallbacks }).toEqual({
      exact: [
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
      ],
      fallbacks: 1,
    })
    expect(frames).toEqual(new Array(5).fill(pixel(...GREEN)))
  })

  test('is decoded frame by frame, if no two frames fit in float32', async () => {
    const { exact, frames } = await decodeOverflowing({ chunkSize: 3, overlap: 0, exactChunkSize: () => 1 })
    expect(exact).toEqual([[0], [1], [2]])
    expect(frames.slice(0, 4)).toEqual([...new Array(3).fill(pixel(...GREEN)), pixel(99, 100, 101)])
  })

  test('is joined from its shorter chunks before it is blended with other chunks', async () => {
    const { exact, fallbacks, frames } = await decodeOverflowing({
      ...{ chunkSize: 3, overlap: 1, exactChunkSize: () => 2 },
    })
    expect({ exact, fallbacks }).toEqual({
      exact: [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
      ],
      fallbacks: 2,
    })
    expect(frames).toEqual(new Array(5).fill(pixel(...GREEN)))
  })

  test('fails with advice, if not one frame fits in float32', async () => {
    for (const overlap of [0, 1]) {
      const decoding = decodeOverflowing({ chunkSize: 3, overlap, exactChunkSize: () => null })
      await expect(decoding).rejects.toThrow(DoesNotFitError)
      await expect(decoding).rejects.toThrow('take a smaller --width and --height')
    }
  })

  test('keeps its count of non-finite values, if the decoder is float32 already', async () => {
    const { exact, fallbacks, frames } = await decodeOverflowing(
      { chunkSize: 2, overlap: 0 },
      { withExact: false },
    )
    expect({ exact, fallbacks }).toEqual({ exact: [], fallbacks: 0 })
    expect(frames.map(({ nonFiniteValues }) => nonFiniteValues)).toEqual([0, 0, 3, 3, 0])
  })

  test('is not decoded again if its latents are not finite, because no precision helps then', async () => {
    const latents = latentsOf(5)
    latents.data[5] = Number.NaN
    for (const overlap of [0, 1]) {
      const { exact, fallbacks } = await decodeOverflowing({ chunkSize: 5, overlap }, { latents })
      expect({ exact, fallbacks }).toEqual({ exact: [], fallbacks: 0 })
    }
  })
})
