import type { Graph } from '../../compiler/graph/graph.ts'
import type { MemoryPlan } from '../memory-mode.ts'
import { foldedGraph } from './folded-graph.ts'
import type { GraphMemory } from './graph-memory.ts'

/*
 * How a clip is rendered with the memory that there is. `auto` takes the first way that fits:
 *
 *     1  resident     every network stays (only with keepWarm)
 *     2  offload      one network at a time
 *     3  low-vram     offload, guidance's passes one after the other, feed-forward layers in pieces
 *
 * each with all frames decoded at once, as in the reference. Only if that fits in none, and no chunk was given, the
 * largest chunk that fits is taken, and then the first way again. What was given explicitly is kept.
 *
 * A chunk that overflows in float16 is decoded once more in float32, after all other networks are closed. That takes two
 * to three times the memory, and few clips need it. So it does not decide the chunk: it has the largest one of its own
 * that fits.
 */

/** Every graph of a clip of given arguments. Recorded when asked for, without weights where there are only configs. */
export interface ClipNetworks {
  /** All but the decoder; `lowMemory` as in low-vram. */
  networks(lowMemory: boolean): readonly Graph[]
  decoder(frames: number): Graph
  /** The float32 decoder of chunks that overflow in float16; `null` where the decoder is float32. */
  readonly exactDecoder: ((frames: number) => Graph) | null
}

/** What a device has for a clip, and how much a graph takes of it. */
export interface DeviceMemory {
  memoryOf(folded: Graph): GraphMemory
  readonly availableBytes: number
  /** What the process takes beside its sessions. */
  readonly baseBytes: number
  /** The share of what is available that one network, and that all networks at once, may take. */
  readonly shares: { readonly offload: number; readonly resident: number }
  /** What `low-vram` stays below where the networks themselves do. Infinity: it decodes as much as fits. */
  readonly lowVramBytes: number
  /** The cheapest instance type with so much memory; `null` if none is known. */
  instanceTypeFor(needBytes: number): string | null
}

/** Arguments that would fit; those that are missing stay as they are. */
export interface NearestArguments {
  readonly memory?: 'auto'
  readonly decodeChunk?: number
  readonly numFrames?: number
  readonly width?: number
  readonly height?: number
}

/** How a chunk that overflows in float16 is decoded again in float32, alone on the device. */
export interface ExactDecoding {
  /** Frames decoded at once: all of the chunk if they fit, else the most that do. `null`: not one fits. */
  readonly decodeChunk: number | null
  readonly graphs: readonly GraphMemory[]
  /** The most that is taken at once; what one frame would take if not one fits. */
  readonly needBytes: number
}

export interface FittingPlan {
  readonly fits: true
  readonly memory: MemoryPlan
  /** Frames decoded at once. */
  readonly decodeChunk: number
  /** Planned when asked for, because few clips need it; `null` where the decoder is float32. */
  readonly exact: (() => ExactDecoding) | null
  readonly graphs: readonly GraphMemory[]
  /** The most that is taken at once. */
  readonly needBytes: number
  readonly availableBytes: number
}

export interface DoesNotFit {
  readonly fits: false
  /** The network that needs most, in the way that needs least. */
  readonly graph: string
  readonly needBytes: number
  readonly availableBytes: number
  readonly nearest: NearestArguments | null
  /** An instance type on which it fits as it was asked for. */
  readonly instanceType: string | null
}

export interface ClipSize {
  readonly width: number
  readonly height: number
  readonly numFrames: number
}

export interface ClipMemoryRequest extends ClipSize {
  readonly memory: 'auto' | MemoryPlan
  /** More clips like this one are expected. */
  readonly keepWarm: boolean
  /** `null`: the planner chooses. */
  readonly decodeChunk: number | null
  /** Chunks that overlap must be longer than their overlap. Default 1. */
  readonly leastChunk?: number
  readonly device: DeviceMemory
  readonly clip: (size: ClipSize) => ClipNetworks
}

/** Sizes that are tried where a clip does not fit: the VAE and the UNet halve these without a rest. */
const SIZE_STEP = 64

/** What a clip's graphs take, each predicted when asked for, and once. */
export interface ClipPrediction {
  networks(lowMemory: boolean): readonly GraphMemory[]
  decoder(frames: number): GraphMemory
  readonly exactDecoder: ((frames: number) => GraphMemory) | null
}

const once = <Key, Value>(compute: (key: Key) => Value): ((key: Key) => Value) => {
  const known = new Map<Key, Value>()
  return (key) => {
    const value = known.get(key) ?? compute(key)
    known.set(key, value)
    return value
  }
}

/** The same clip can be planned for several memories with one prediction, where `memoryOf` is the same. */
export const predictClip = (memoryOf: DeviceMemory['memoryOf'], clip: ClipNetworks): ClipPrediction => {
  const predict = (graph: Graph): GraphMemory => memoryOf(foldedGraph(graph))
  const { exactDecoder } = clip
  return {
    networks: once((lowMemory: boolean) => clip.networks(lowMemory).map(predict)),
    decoder: once((frames: number) => predict(clip.decoder(frames))),
    exactDecoder: exactDecoder === null ? null : once((frames: number) => predict(exactDecoder(frames))),
  }
}

const most = (graphs: readonly GraphMemory[]): GraphMemory =>
  graphs.reduce((worst, graph) => (graph.bytes > worst.bytes ? graph : worst))

const needOf = (memory: MemoryPlan, graphs: readonly GraphMemory[], { baseBytes }: DeviceMemory): number =>
  baseBytes +
  (memory === 'resident' ? graphs.reduce((total, { bytes }) => total + bytes, 0) : most(graphs).bytes)

/** The smaller share for networks that stay is `auto`'s caution; a way that was asked for may take what there is. */
const roomFor = (memory: MemoryPlan, request: Pick<ClipMemoryRequest, 'memory' | 'device'>): number => {
  const { availableBytes, shares } = request.device
  return (
    availableBytes * (memory === 'resident' && request.memory === 'auto' ? shares.resident : shares.offload)
  )
}

const waysOf = ({
  memory,
  keepWarm,
}: Pick<ClipMemoryRequest, 'memory' | 'keepWarm'>): readonly MemoryPlan[] => {
  if (memory !== 'auto') return [memory]
  return keepWarm ? ['resident', 'offload', 'low-vram'] : ['offload', 'low-vram']
}

/**
 * The largest number from `least` to `most` that fits; `null` if not even `least` does. Found by halving, as a longer
 * chunk takes more memory.
 */
const largestFitting = (least: number, most: number, fits: (chunk: number) => boolean): number | null => {
  if (fits(most)) return most
  let fitting: number | null = null
  let [from, to] = [least, most - 1]
  while (from <= to) {
    const chunk = Math.ceil((from + to) / 2)
    if (fits(chunk)) {
      fitting = chunk
      from = chunk + 1
    } else {
      to = chunk - 1
    }
  }
  return fitting
}

/** What the decoder may take where its chunk is chosen. */
const decoderRoom = (
  predicted: ClipPrediction,
  request: Pick<ClipMemoryRequest, 'memory' | 'device'>,
): number => {
  const room = roomFor('offload', request)
  if (request.memory !== 'low-vram') return room
  const { device } = request
  return Math.min(room, Math.max(device.lowVramBytes, needOf('low-vram', predicted.networks(true), device)))
}

type PlannedRequest = Omit<ClipMemoryRequest, 'clip' | 'width' | 'height'>

/** The last chunk is a graph of its own where chunks do not divide the frames. */
const chunkLengths = (numFrames: number, decodeChunk: number): readonly number[] => {
  const rest = numFrames % decodeChunk
  return rest === 0 ? [decodeChunk] : [decodeChunk, rest]
}

const exactDecodingOf = (
  request: PlannedRequest,
  predicted: ClipPrediction,
  exactDecoder: (frames: number) => GraphMemory,
  decodeChunk: number,
): ExactDecoding => {
  const { device, numFrames } = request
  const room = decoderRoom(predicted, request)
  const graphsOf = (chunk: number): readonly GraphMemory[] =>
    chunkLengths(numFrames, decodeChunk)
      .map((length) => Math.min(length, chunk))
      .map(exactDecoder)
  const needBytesOf = (chunk: number): number => needOf('offload', graphsOf(chunk), device)
  const chunk = largestFitting(1, decodeChunk, (frames) => needBytesOf(frames) <= room)
  return {
    decodeChunk: chunk,
    graphs: chunk === null ? [] : graphsOf(chunk),
    needBytes: needBytesOf(chunk ?? 1),
  }
}

const fittingPlan = (
  request: PlannedRequest,
  predicted: ClipPrediction,
): Omit<FittingPlan, 'exact'> | null => {
  const { numFrames, leastChunk = 1, device } = request
  const { availableBytes } = device
  const withChunk = (decodeChunk: number): Omit<FittingPlan, 'exact'> | null => {
    for (const memory of waysOf(request)) {
      const graphs = [
        ...predicted.networks(memory === 'low-vram'),
        ...chunkLengths(numFrames, decodeChunk).map(predicted.decoder),
      ]
      const needBytes = needOf(memory, graphs, device)
      if (needBytes > roomFor(memory, request)) continue
      return { fits: true, memory, decodeChunk, graphs, needBytes, availableBytes }
    }
    return null
  }
  if (request.decodeChunk !== null) return withChunk(Math.min(request.decodeChunk, numFrames))
  if (request.memory !== 'low-vram') {
    const whole = withChunk(numFrames)
    if (whole !== null) return whole
  }
  // Where all networks stay, the chunk has what the others leave.
  const room = decoderRoom(predicted, request)
  const chunk = largestFitting(leastChunk, numFrames, (frames) =>
    request.memory === 'resident'
      ? withChunk(frames) !== null
      : device.baseBytes + predicted.decoder(frames).bytes <= room,
  )
  return chunk === null ? null : withChunk(chunk)
}

/** Multiples of 64 of about the same shape, the largest first. */
const smallerSizes = ({ width, height }: ClipSize): readonly { width: number; height: number }[] => {
  const toStep = (pixels: number): number => Math.floor(pixels / SIZE_STEP) * SIZE_STEP
  return [0.75, 0.5, 0.375, 0.25]
    .map((share) => ({ width: toStep(share * width), height: toStep(share * height) }))
    .filter((size) => size.width >= SIZE_STEP && size.height >= SIZE_STEP)
}

/** The arguments nearest to those that were given, in the order in which they change the clip least. */
const nearestArguments = (request: ClipMemoryRequest): NearestArguments | null => {
  const fits = (changed: Partial<ClipMemoryRequest>): Pick<FittingPlan, 'decodeChunk'> | null => {
    const tried = { ...request, ...changed }
    return fittingPlan(tried, predictClip(request.device.memoryOf, request.clip(tried)))
  }
  const auto = request.memory === 'auto' ? {} : ({ memory: 'auto' } as const)
  if (request.memory !== 'auto' && fits(auto) !== null) return auto
  const chunked = fits({ ...auto, decodeChunk: null })
  if (chunked !== null) return { ...auto, decodeChunk: chunked.decodeChunk }
  for (
    let numFrames = Math.floor(request.numFrames / 2);
    numFrames >= 2;
    numFrames = Math.floor(numFrames / 2)
  ) {
    const plan = fits({ ...auto, decodeChunk: null, numFrames })
    if (plan !== null) return { ...auto, numFrames, decodeChunk: plan.decodeChunk }
  }
  for (const size of smallerSizes(request)) {
    const plan = fits({ ...auto, decodeChunk: null, ...size })
    if (plan !== null) return { ...auto, ...size, decodeChunk: plan.decodeChunk }
  }
  return null
}

export interface PlanOptions {
  /** Of the same device and clip. */
  readonly predicted?: ClipPrediction
  /** Default true. Finding them takes as long as planning several clips. */
  readonly findsNearest?: boolean
}

/** Pure: nothing is loaded, and no weight is read. */
export const planClipMemory = (
  request: ClipMemoryRequest,
  {
    predicted = predictClip(request.device.memoryOf, request.clip(request)),
    findsNearest = true,
  }: PlanOptions = {},
): FittingPlan | DoesNotFit => {
  const { device, numFrames } = request
  const plan = fittingPlan(request, predicted)
  if (plan !== null) {
    const { exactDecoder } = predicted
    const exact = (decoder: (frames: number) => GraphMemory): ExactDecoding =>
      exactDecodingOf(request, predicted, decoder, plan.decodeChunk)
    return { ...plan, exact: exactDecoder === null ? null : () => exact(exactDecoder) }
  }
  const leastChunk = Math.min(request.decodeChunk ?? request.leastChunk ?? 1, numFrames)
  const memory = waysOf(request).at(-1) ?? 'low-vram'
  const graphs = [...predicted.networks(memory === 'low-vram'), predicted.decoder(leastChunk)]
  const needBytes = needOf(memory, graphs, device)
  return {
    fits: false,
    graph: memory === 'resident' ? 'all networks together' : most(graphs).graph,
    needBytes,
    availableBytes: Math.floor(roomFor(memory, request)),
    nearest: findsNearest ? nearestArguments(request) : null,
    instanceType: device.instanceTypeFor(needBytes),
  }
}
