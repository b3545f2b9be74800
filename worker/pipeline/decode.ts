import { elementCount, type Tensor } from '../engine/tensor.ts'
import type { ClipNetworks } from './clip-networks.ts'
import { type DecodeChunk, laterShare, overlappingChunks, plainChunks } from './decode-plan.ts'
import { type RgbFrame, toRgbFrame } from './image/frames.ts'

export interface DecodeOptions {
  readonly networks: ClipNetworks
  readonly chunkSize: number
  /** 0: chunks side by side, as the reference does. */
  readonly overlap: number
  readonly onChunk: (chunk: number, chunks: number) => void
  readonly signal: AbortSignal
}

const rows = ({ data, shape }: Tensor, { from, to }: DecodeChunk): Tensor => {
  const rest = shape.slice(1)
  const size = elementCount(rest)
  return { data: data.slice(from * size, to * size), shape: [to - from, ...rest] }
}

const blend = (earlier: Float32Array, later: Float32Array, share: number): Float32Array =>
  earlier.map((value, i) => value + ((later[i] ?? 0) - value) * share)

/** Chunks that share no frame: their frames leave the decoder as bytes. */
async function* decodePlain(
  latents: Tensor,
  chunks: readonly DecodeChunk[],
  { networks, onChunk, signal }: DecodeOptions,
): AsyncGenerator<RgbFrame> {
  for (const [index, chunk] of chunks.entries()) {
    signal.throwIfAborted()
    const decoded = await networks.decodeRgb(chunk.to - chunk.from, { latents: rows(latents, chunk) })
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
  { networks, onChunk, signal }: DecodeOptions,
): AsyncGenerator<RgbFrame> {
  const frames = latents.shape[0] ?? 0
  let held: { readonly chunk: DecodeChunk; readonly pictures: readonly Tensor[] } | null = null
  for (const [index, chunk] of chunks.entries()) {
    signal.throwIfAborted()
    const count = chunk.to - chunk.from
    const { frames: decoded } = await networks.decode(count, { latents: rows(latents, chunk) })
    if (decoded === undefined) throw new TypeError('the decoder gave no frames')
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
