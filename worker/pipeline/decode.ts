import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { elementCount } from '../checkpoint/element-count.ts'
import type { Tensor } from '../engine/tensor.ts'
import type { ChunkDecoder, ClipNetworks, RgbChunk, Tensors } from './clip-networks.ts'
import { type DecodeChunk, laterShare, overlappingChunks, plainChunks } from './decode-plan.ts'
import { type RgbFrame, toRgbFrame } from './image/frames.ts'

export interface DecodeOptions {
  readonly networks: ClipNetworks
  readonly chunkSize: number
  /** 0: chunks side by side, as the reference does. */
  readonly overlap: number
  readonly onChunk: (chunk: number, chunks: number) => void
  /** Most frames that the float32 decoder takes at once; `null`: not one fits. Default: whole chunks. */
  readonly exactChunkSize?: () => number | null
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
 *
 * In float32 a chunk takes two to three times the memory. Where that is not there, the chunk is decoded in shorter ones
 * that share frames and are blended. These give other pixels than the whole, because frames that are decoded together
 * see each other.
 */

/** Frames that the shorter chunks share, as far as they are longer than that. */
const EXACT_OVERLAP = 2

/** Frames of a chunk of `count` that are decoded in float32 at once. Throws DoesNotFitError if not one fits. */
const exactChunkSizeOf = (count: number, { exactChunkSize = () => count }: DecodeOptions): number => {
  const size = exactChunkSize()
  if (size === null) {
    throw new DoesNotFitError(
      'memory: the frames overflow in float16, and there is not enough memory to decode one frame in float32; ' +
        'take a smaller --width and --height, or a card with more memory',
    )
  }
  return size
}

/** The chunks of a chunk whose `count` frames do not fit in float32 together. */
const exactChunks = (count: number, chunkSize: number): readonly DecodeChunk[] =>
  overlappingChunks(count, chunkSize, Math.min(EXACT_OVERLAP, chunkSize - 1))

const framesOf = ({ frames }: Tensors): Tensor => {
  if (frames === undefined) throw new TypeError('the decoder gave no frames')
  return frames
}

/** A chunk's frames as float32, [frames, 3, H, W]. */
type DecodeChunkAsFloat = (count: number, latents: Tensor) => Promise<Tensor>

const decodingWith =
  (decoder: ChunkDecoder): DecodeChunkAsFloat =>
  async (count, latents) =>
    framesOf(await decoder.decode(count, { latents }))

function* framesOfRgb({ rgb: { data, shape }, nonFiniteValues }: RgbChunk): Generator<RgbFrame> {
  const size = elementCount(shape.slice(1))
  for (const [i, count] of nonFiniteValues.data.entries()) {
    yield { bytes: data.subarray(i * size, (i + 1) * size), nonFiniteValues: count }
  }
}

async function* decodeRgb(count: number, latents: Tensor, options: DecodeOptions): AsyncGenerator<RgbFrame> {
  const { networks, onFallback, signal } = options
  const decoded = await networks.decodeRgb(count, { latents })
  const overflowed = decoded.nonFiniteValues.data.some((values) => values > 0)
  if (!overflowed || networks.exactDecoder === null || !allFinite(latents)) {
    yield* framesOfRgb(decoded)
    return
  }
  const { exactDecoder } = networks
  const chunkSize = exactChunkSizeOf(count, options)
  onFallback()
  if (count <= chunkSize) {
    yield* framesOfRgb(await exactDecoder.decodeRgb(count, { latents }))
    return
  }
  const decode = decodingWith(exactDecoder)
  for await (const image of blended(latents, exactChunks(count, chunkSize), { decode, signal })) {
    yield toRgbFrame(image)
  }
}

const decodeFloat = async (count: number, latents: Tensor, options: DecodeOptions): Promise<Tensor> => {
  const { networks, onFallback, signal } = options
  const decoded = await decodingWith(networks)(count, latents)
  if (networks.exactDecoder === null || allFinite(decoded) || !allFinite(latents)) return decoded
  const chunkSize = exactChunkSizeOf(count, options)
  onFallback()
  const decode = decodingWith(networks.exactDecoder)
  if (count <= chunkSize) return await decode(count, latents)
  const size = elementCount(decoded.shape.slice(1))
  let frame = 0
  for await (const image of blended(latents, exactChunks(count, chunkSize), { decode, signal })) {
    decoded.data.set(image.data, frame * size)
    frame += 1
  }
  return decoded
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
    const frames = decodeRgb(chunk.to - chunk.from, rows(latents, chunk), options)
    const first = await frames.next()
    onChunk(index + 1, chunks.length)
    if (!first.done) yield first.value
    yield* frames
  }
}

interface Blending {
  readonly decode: DecodeChunkAsFloat
  /** Called with the number of chunks that were decoded. */
  readonly onChunk?: (chunks: number) => void
  readonly signal: AbortSignal
}

/** Frames [3, H, W] of chunks that share frames: these are blended as float32. */
async function* blended(
  latents: Tensor,
  chunks: readonly DecodeChunk[],
  { decode, onChunk = () => {}, signal }: Blending,
): AsyncGenerator<Tensor> {
  const frames = latents.shape[0] ?? 0
  let held: { readonly chunk: DecodeChunk; readonly images: readonly Tensor[] } | null = null
  for (const [index, chunk] of chunks.entries()) {
    signal.throwIfAborted()
    const count = chunk.to - chunk.from
    const decoded = await decode(count, rows(latents, chunk))
    const shape = decoded.shape.slice(1)
    const size = elementCount(shape)
    const images = Array.from({ length: count }, (_, i): Tensor => {
      const own = decoded.data.subarray(i * size, (i + 1) * size)
      const before = held?.images[chunk.from + i - held.chunk.from]
      return before === undefined || held === null
        ? { data: own, shape }
        : { data: blend(before.data, own, laterShare(chunk.from + i, held.chunk, chunk)), shape }
    })
    onChunk(index + 1)
    const nextFrom = chunks[index + 1]?.from ?? frames
    yield* images.slice(0, nextFrom - chunk.from)
    held = { chunk, images }
  }
}

/** Chunks that share frames: these are blended as float32, then rounded. */
async function* decodeBlended(
  latents: Tensor,
  chunks: readonly DecodeChunk[],
  options: DecodeOptions,
): AsyncGenerator<RgbFrame> {
  const images = blended(latents, chunks, {
    decode: (count, part) => decodeFloat(count, part, options),
    onChunk: (chunk) => options.onChunk(chunk, chunks.length),
    signal: options.signal,
  })
  for await (const image of images) yield toRgbFrame(image)
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
