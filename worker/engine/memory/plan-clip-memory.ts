import type { Graph } from '../../compiler/graph/graph.ts'
import type { MemoryPlan } from '../memory-mode.ts'
import type { GraphMemory } from './graph-memory.ts'
import type { HostMemory } from './host-memory.ts'

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

/** What a graph takes of the device's memory and of the host's. */
export interface PlannedGraph extends GraphMemory {
  readonly host: HostMemory
}

/** The host's memory, where the device has its own. */
export interface HostSupply {
  readonly availableBytes: number
  /** What the process takes beside its networks. */
  readonly baseBytes: number
  /** The share of what is available that the process may take. */
  readonly share: number
}

/** What a device has for a clip, and how much a graph takes of it. */
export interface DeviceMemory {
  memoryOf(recorded: Graph): PlannedGraph
  readonly availableBytes: number
  /** What the process takes beside its sessions. */
  readonly baseBytes: number
  /** The share of what is available that one network, and that all networks at once, may take. */
  readonly shares: { readonly offload: number; readonly resident: number }
  /** What `low-vram` stays below where the networks themselves do. Infinity: it decodes as much as fits. */
  readonly lowVramBytes: number
  /** `null` where the device's memory is the host's. */
  readonly host: HostSupply | null
  /** The cheapest instance type with so much memory; `null` if none is known. */
  instanceTypeFor(needBytes: number, hostNeedBytes: number): string | null
}

export interface MemoryNeed {
  readonly needBytes: number
  readonly availableBytes: number
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
  readonly graphs: readonly PlannedGraph[]
  /** The most that is taken at once; what one frame would take if not one fits. */
  readonly needBytes: number
}

export interface FittingPlan extends MemoryNeed {
  readonly fits: true
  readonly memory: MemoryPlan
  /** Frames decoded at once. */
  readonly decodeChunk: number
  /** Planned when asked for, because few clips need it; `null` where the decoder is float32. */
  readonly exact: (() => ExactDecoding) | null
  readonly graphs: readonly PlannedGraph[]
  /** The most that is taken at once. */
  readonly needBytes: number
  /** The same of the host's memory; `null` where that is the device's. */
  readonly host: MemoryNeed | null
}

export interface DoesNotFit extends MemoryNeed {
  readonly fits: false
  /** Which memory is too small, and has these figures. */
  readonly of: 'device' | 'host'
  /** The network that needs most, in the way that needs least. */
  readonly graph: string
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
  networks(lowMemory: boolean): readonly PlannedGraph[]
  decoder(frames: number): PlannedGraph
  readonly exactDecoder: ((frames: number) => PlannedGraph) | null
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
  const { exactDecoder } = clip
  return {
    networks: once((lowMemory: boolean) => clip.networks(lowMemory).map(memoryOf)),
    decoder: once((frames: number) => memoryOf(clip.decoder(frames))),
    exactDecoder: exactDecoder === null ? null : once((frames: number) => memoryOf(exactDecoder(frames))),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const most = (
  graphs: readonly PlannedGraph[],
  bytesOf: (graph: PlannedGraph) => number = ({ bytes }) => bytes,
): PlannedGraph => graphs.reduce((worst, graph) => (bytesOf(graph) > bytesOf(worst) ? graph : worst))

const needOf = (memory: MemoryPlan, graphs: readonly PlannedGraph[], { baseBytes }: DeviceMemory): number =>
  baseBytes + (memory === 'resident' ? sum(graphs.map(({ bytes }) => bytes)) : most(graphs).bytes)

/** Of the host, for a network that is alone there. Its weights are prepared before its session is opened. */
const hostBytesAlone = ({ host: { sessionBytes, preparingBytes, outputBytes } }: PlannedGraph): number =>
  Math.max(preparingBytes, sessionBytes + outputBytes)

/** Networks that stay are opened one after the other, and each one's weights are prepared beside those before it. */
const hostBytesTogether = (graphs: readonly PlannedGraph[]): number => {
  let openBytes = 0
  let mostBytes = 0
  for (const { host } of graphs) {
    mostBytes = Math.max(mostBytes, openBytes + host.preparingBytes)
    openBytes += host.sessionBytes
    mostBytes = Math.max(mostBytes, openBytes + host.outputBytes)
  }
  return mostBytes
}

/** Arrays that are still there before the garbage collector frees them. */
const MOST_LATE_BYTES = 96 * 2 ** 20

/** Later networks read the outputs of earlier ones, which are therefore kept. */
const hostNeedOf = (
  memory: MemoryPlan,
  graphs: readonly PlannedGraph[],
  { host }: DeviceMemory,
  passingBytes = 0,
): MemoryNeed | null => {
  if (host === null) return null
  const { availableBytes, baseBytes } = host
  const keptBytes = sum(graphs.map((graph) => graph.host.outputBytes + graph.host.graphBytes))
  const lateBytes = Math.min(MOST_LATE_BYTES, sum(graphs.map((graph) => graph.host.arrayBytes)))
  const networkBytes =
    memory === 'resident' ? hostBytesTogether(graphs) : hostBytesAlone(most(graphs, hostBytesAlone))
  return { needBytes: baseBytes + keptBytes + lateBytes + passingBytes + networkBytes, availableBytes }
}

const hostRoom = ({ host }: DeviceMemory): number =>
  host === null ? Number.POSITIVE_INFINITY : host.share * host.availableBytes

/**
 * Chunks that are blended leave the decoder as float32, four times as large. Those of two chunks are in memory, and
 * ONNX Runtime's copy of the second. One and ONNX Runtime's copy as bytes are counted already.
 */
const FLOAT_CHUNKS = 4 * 3 - 2

const blendingBytes = (decoder: PlannedGraph): number => FLOAT_CHUNKS * decoder.host.outputBytes

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

/** What decoding takes of the host's memory beside its network. */
const passingHostBytes = (
  { leastChunk = 1, numFrames }: PlannedRequest,
  predicted: ClipPrediction,
  decodeChunk: number,
): number => (leastChunk > 1 && decodeChunk < numFrames ? blendingBytes(predicted.decoder(decodeChunk)) : 0)

const exactDecodingOf = (
  request: PlannedRequest,
  predicted: ClipPrediction,
  exactDecoder: (frames: number) => PlannedGraph,
  decodeChunk: number,
): ExactDecoding => {
  const { device, numFrames } = request
  const room = decoderRoom(predicted, request)
  const graphsOf = (chunk: number): readonly PlannedGraph[] =>
    chunkLengths(numFrames, decodeChunk)
      .map((length) => Math.min(length, chunk))
      .map(exactDecoder)
  const needBytesOf = (chunk: number): number => needOf('offload', graphsOf(chunk), device)
  const fitsHost = (chunk: number): boolean => {
    const blending = chunk < decodeChunk ? blendingBytes(exactDecoder(chunk)) : 0
    return (hostNeedOf('offload', graphsOf(chunk), device, blending)?.needBytes ?? 0) <= hostRoom(device)
  }
  const chunk = largestFitting(1, decodeChunk, (frames) => needBytesOf(frames) <= room && fitsHost(frames))
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
  const hostNeed = (memory: MemoryPlan, graphs: readonly PlannedGraph[], chunk: number): MemoryNeed | null =>
    hostNeedOf(memory, graphs, device, passingHostBytes(request, predicted, chunk))
  const withChunk = (decodeChunk: number): Omit<FittingPlan, 'exact'> | null => {
    for (const memory of waysOf(request)) {
      const graphs = [
        ...predicted.networks(memory === 'low-vram'),
        ...chunkLengths(numFrames, decodeChunk).map(predicted.decoder),
      ]
      const needBytes = needOf(memory, graphs, device)
      if (needBytes > roomFor(memory, request)) continue
      const host = hostNeed(memory, graphs, decodeChunk)
      if (host !== null && host.needBytes > hostRoom(device)) continue
      return { fits: true, memory, decodeChunk, graphs, needBytes, availableBytes, host }
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
  const chunk = largestFitting(leastChunk, numFrames, (frames) => {
    if (request.memory === 'resident') return withChunk(frames) !== null
    const decoder = predicted.decoder(frames)
    const fitsHost = (memory: MemoryPlan): boolean => {
      const graphs = [...predicted.networks(memory === 'low-vram'), decoder]
      return (hostNeed(memory, graphs, frames)?.needBytes ?? 0) <= hostRoom(device)
    }
    return (
      device.baseBytes + decoder.bytes <= room && (device.host === null || waysOf(request).some(fitsHost))
    )
  })
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
    const exact = (decoder: (frames: number) => PlannedGraph): ExactDecoding =>
      exactDecodingOf(request, predicted, decoder, plan.decodeChunk)
    return { ...plan, exact: exactDecoder === null ? null : () => exact(exactDecoder) }
  }
  const leastChunk = Math.min(request.decodeChunk ?? request.leastChunk ?? 1, numFrames)
  const memory = waysOf(request).at(-1) ?? 'low-vram'
  const graphs = [...predicted.networks(memory === 'low-vram'), predicted.decoder(leastChunk)]
  const needBytes = needOf(memory, graphs, device)
  const host = hostNeedOf(memory, graphs, device, passingHostBytes(request, predicted, leastChunk))
  const room = roomFor(memory, request)
  const isOfHost = needBytes <= room && host !== null && host.needBytes > hostRoom(device)
  const largest = isOfHost ? most(graphs, hostBytesAlone) : most(graphs)
  return {
    fits: false,
    of: isOfHost ? 'host' : 'device',
    graph: memory === 'resident' ? 'all networks together' : largest.graph,
    needBytes: isOfHost ? host.needBytes : needBytes,
    availableBytes: Math.floor(isOfHost ? hostRoom(device) : room),
    nearest: findsNearest ? nearestArguments(request) : null,
    instanceType: device.instanceTypeFor(needBytes, host?.needBytes ?? 0),
  }
}
