import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import type { ClipNetworks } from '../../../worker/pipeline/clip-networks.ts'
import { type DecodeOptions, decodeFrames } from '../../../worker/pipeline/decode.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'
import { NO_NETWORKS } from './no-networks.ts'

/** Latents [frames, 1, 1, 2]: frame number and its negative. */
const latentsOf = (frames: number): Tensor =>
  tensorOf(Array.from({ length: frames }, (_, i) => [i, -i]).flat(), [frames, 1, 1, 2])

/** A decoder that gives, for each latent frame, the same numbers plus 1000 for every call before. */
const aDecoder = () => {
  const calls: (readonly number[])[] = []
  const decode: ClipNetworks['decode'] = async (frames, { latents }) => {
    const { data, shape } = latents!
    expect(shape).toEqual([frames, 1, 1, 2])
    const offset = 1000 * calls.length
    calls.push(data.filter((_, i) => i % 2 === 0) as unknown as readonly number[])
    return { frames: { data: data.map((value) => value + offset), shape } }
  }
  return { calls: () => calls.map((frames) => [...frames]), networks: { ...NO_NETWORKS, decode } }
}

const decodeAll = async (
  frames: number,
  options: Pick<DecodeOptions, 'chunkSize' | 'overlap'> & Partial<DecodeOptions>,
) => {
  const { calls, networks } = aDecoder()
  const progress: string[] = []
  const pictures: Tensor[] = []
  const onChunk = (chunk: number, chunks: number) => progress.push(`${chunk} of ${chunks}`)
  const signal = new AbortController().signal
  for await (const picture of decodeFrames(latentsOf(frames), { networks, onChunk, signal, ...options })) {
    pictures.push(picture)
  }
  return { calls: calls(), progress, pictures, firsts: pictures.map(({ data }) => data[0]!) }
}

describe('chunks side by side', () => {
  test('give every frame as its own chunk has it', async () => {
    const { calls, firsts, pictures, progress } = await decodeAll(5, { chunkSize: 2, overlap: 0 })
    expect(calls).toEqual([[0, 1], [2, 3], [4]])
    expect(firsts).toEqual([0, 1, 1002, 1003, 2004])
    expect(pictures[3]).toEqual(tensorOf([1003, 997], [1, 1, 2]))
    expect(progress).toEqual(['0 of 3', '1 of 3', '2 of 3', '3 of 3'])
  })

  test('run on from one video into the next, as the reference cuts them', async () => {
    const { calls } = await decodeAll(2 * 5, { chunkSize: 4, overlap: 0 })
    expect(calls).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ])
  })
})

describe('overlapping chunks', () => {
  test('fade from one to the next over the frames they share', async () => {
    const { calls, firsts, pictures } = await decodeAll(7, { chunkSize: 4, overlap: 1 })
    expect(calls).toEqual([
      [0, 1, 2, 3],
      [3, 4, 5, 6],
    ])
    expect(firsts).toEqual([0, 1, 2, 3 + 500, 1004, 1005, 1006])
    expect(pictures[3]).toEqual(tensorOf([503, 497], [1, 1, 2]))
  })

  test('fade in even steps over several frames', async () => {
    const { firsts } = await decodeAll(5, { chunkSize: 4, overlap: 3 })
    expect(firsts).toEqual([0, 1 + 250, 2 + 500, 3 + 750, 1004])
  })

  test('fade again where a frame lies in three of them', async () => {
    const { calls, firsts } = await decodeAll(5, { chunkSize: 3, overlap: 2 })
    expect(calls).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
    ])
    const [third, twoThirds] = [1000 / 3, 2000 / 3]
    const frame2 = 2 + twoThirds + (2000 - twoThirds) / 3
    const frame3 = 3 + 1000 + twoThirds
    for (const [frame, expected] of [0, 1 + third, frame2, frame3, 2004].entries()) {
      expect(firsts[frame]).toBeCloseTo(expected, 3)
    }
  })

  test('of a clip that fits into one are that one', async () => {
    expect((await decodeAll(3, { chunkSize: 4, overlap: 2 })).calls).toEqual([[0, 1, 2]])
  })
})

test('a chunk is decoded when its first frame is taken, not before', async () => {
  const { calls, networks } = aDecoder()
  const signal = new AbortController().signal
  const options = { networks, chunkSize: 2, overlap: 0, onChunk: () => {}, signal }
  const frames = decodeFrames(latentsOf(6), options)
  expect(calls()).toHaveLength(0)
  await frames.next()
  await frames.next()
  expect(calls()).toHaveLength(1)
  await frames.next()
  expect(calls()).toHaveLength(2)
})

test('an abort stops before the next chunk, with its reason', async () => {
  const { calls, networks } = aDecoder()
  const controller = new AbortController()
  const reason = new Error('the lease was lost')
  const options = { networks, chunkSize: 2, overlap: 0, onChunk: () => {}, signal: controller.signal }
  const frames = decodeFrames(latentsOf(6), options)
  await frames.next()
  controller.abort(reason)
  expect((await frames.next()).done).toBe(false)
  await expect(frames.next()).rejects.toBe(reason)
  expect(calls()).toHaveLength(1)
})
