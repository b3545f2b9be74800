import { elementCount, type Tensor } from '../engine/tensor.ts'
import type { ClipNetworks, RgbChunk, Tensors } from './clip-networks.ts'
import { type DecodeChunk, laterShare, overlappingChunks, plainChunks } from './decode-plan.ts'
import { type RgbFrame, toRgbFrame } from './image/frames.ts'

export interface DecodeOptions {
  readonly networks: ClipNetworks
  readonly chunkSize: number
  /** 0: chunks side by side, as the reference does. */
  readonly overlap: number
  readonly onChunk: (chunk: number, chunks: number) => void
  /** Called for each chunk that is decoded once more in float32. */
  readonly onFallback: () => void
  readonly signal: AbortSignal
}

const rows = ({ data, shape }: Tensor, { from, to }: DecodeChunk): Tensor => {
  const rest = shape.slice(1)
  const size = elementCount(rest)
  return { data: data.slice(from * size, to * size), shape: [to - from, ...rest] }
}

const blend = (earlier: Float32Array, later: Float32Array, share: number): Float32Array =>
  earlier.map((value, i) => value + ((later[i] ?? 0) - value) * share)

const allFinite = ({ data }: Tensor): boolean => {
  for (const value of data) if (!Number.isFinite(value)) return false
  return true
}

/*
 * The VAE's decoder was trained in float32, and its largest activations can overflow in float16. Such a chunk is decoded
 * once more in float32. Latents that are not finite themselves stay so in any precision.
 */

const decodeRgb = async (
  count: number,
  latents: Tensor,
  { networks, onFallback }: DecodeOptions,
): Promise<RgbChunk> => {
  const decoded = await networks.decodeRgb(count, { latents })
  const overflowed = decoded.nonFiniteValues.data.some((values) => values > 0)
  if (!overflowed || networks.exactDecoder === null || !allFinite(latents)) return decoded
  onFallback()
  return await networks.exactDecoder.decodeRgb(count, { latents })
}

const framesOf = ({ frames }: Tensors): Tensor => {
  if (frames === undefined) throw new TypeError('the decoder gave no frames')
  return frames
}

const decodeFloat = async (
  count: number,
  latents: Tensor,
  { networks, onFallback }: DecodeOptions,
): Promise<Tensor> => {
  const decoded = framesOf(await networks.decode(count, { latents }))
  if (networks.exactDecoder === null || allFinite(decoded) || !allFinite(latents)) return decoded
  onFallback()
  return framesOf(await networks.exactDecoder.decode(count, { latents }))
}

/** Chunks that share no frame: their frames leave the decoder as bytes. */
async function* decodePlain(
  latents: Tensor,
  chunks: readonly DecodeChunk[],
  options: DecodeOptions,
): AsyncGenerator<RgbFrame> {
  const { onChunk, signal } = options
  for (const [index, chunk] of chunks.entries()) {
    signal.throwIfAborted()
    const decoded = await decodeRgb(chunk.to - chunk.from, rows(latents, chunk), options)
    onChunk(index + 1, chunks.length)
    const { data, shape } = decoded.rgb
    const size = elementCount(shape.slice(1))
    for (const [i, nonFiniteValues] of decoded.nonFiniteValues.data.entries()) {
      yield { bytes: data.subarray(i * size, (i + 1) * size), nonFiniteValues }
    }
  }
}

/** Chunks that share frames: these are blended as float32, then rounded. */
async function* decodeBlended(
  latents: Tensor,
  chunks: readonly DecodeChunk[],
  options: DecodeOptions,
): AsyncGenerator<RgbFrame> {
  const { onChunk, signal } = options
  const frames = latents.shape[0] ?? 0
  let held: { readonly chunk: DecodeChunk; readonly pictures: readonly Tensor[] } | null = null
  for (const [index, chunk] of chunks.entries()) {
    signal.throwIfAborted()
    const count = chunk.to - chunk.from
    const decoded = await decodeFloat(count, rows(latents, chunk), options)
    const shape = decoded.shape.slice(1)
    const size = elementCount(shape)
    const pictures = Array.from({ length: count }, (_, i): Tensor => {
      const own = decoded.data.subarray(i * size, (i + 1) * size)
      const before = held?.pictures[chunk.from + i - held.chunk.from]
      return before === undefined || held === null
        ? { data: own, shape }
        : { data: blend(before.data, own, laterShare(chunk.from + i, held.chunk, chunk)), shape }
    })
    onChunk(index + 1, chunks.length)
    const nextFrom = chunks[index + 1]?.from ?? frames
    for (const picture of pictures.slice(0, nextFrom - chunk.from)) yield toRgbFrame(picture)
    held = { chunk, pictures }
  }
}

/**
 * Latents [n, 4, h, w] to frames, given one by one in order. No more than two chunks are in memory at once. A frame's
 * bytes may be a view of its chunk's.
 */
export async function* decodeFrames(latents: Tensor, options: DecodeOptions): AsyncGenerator<RgbFrame> {
  const { chunkSize, overlap, onChunk } = options
  const frames = latents.shape[0] ?? 0
  const chunks = overlap > 0 ? overlappingChunks(frames, chunkSize, overlap) : plainChunks(frames, chunkSize)
  onChunk(0, chunks.length)
  const decode = overlap > 0 && chunks.length > 1 ? decodeBlended : decodePlain
  yield* decode(latents, chunks, options)
}
