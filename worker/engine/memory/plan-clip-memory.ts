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
 * frames are cut into as few chunks as fit, as equal as can be, and then the first way is taken again. What was given
 * explicitly is kept.
 */

/** Every graph of a clip of given arguments. Recorded when asked for, without weights where there are only configs. */
export interface ClipNetworks {
  /** All but the decoder; `lowMemory` as in low-vram. Those of an array take turns, and are open at the same time. */
  networks(lowMemory: boolean): readonly (Graph | readonly Graph[])[]
  decoder(frames: number): Graph
}

/** What a device has for a clip, and how much a graph takes of it. */
export interface DeviceMemory {
  memoryOf(folded: Graph): GraphMemory
  readonly availableBytes: number
  /** What would be available if other processes used nothing. */
  readonly totalBytes: number
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

export interface FittingPlan {
  readonly fits: true
  readonly memory: MemoryPlan
  /** Frames decoded at once. */
  readonly decodeChunk: number
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
  readonly usedByOthersBytes: number
  readonly totalBytes: number
  /** It fits, as it was asked for, where other processes use nothing. */
  readonly fitsTotal: boolean
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
  /** Count of videos, whose frames are cut into chunks as one sequence. Default 1. */
  readonly videos?: number
  /** Chunks that overlap must be longer than their overlap. Default 1. */
  readonly leastChunk?: number
  readonly device: DeviceMemory
  readonly clip: (size: ClipSize) => ClipNetworks
}

/** Sizes that are tried where a clip does not fit: the VAE and the UNet halve these without a rest. */
const SIZE_STEP = 64
/** The shortest clip that is proposed: one frame is no video. */
const FEWEST_FRAMES = 2

/** What a clip's graphs take, each predicted when asked for, and once. */
export interface ClipPrediction {
  /** Those of one array are open at the same time. */
  networks(lowMemory: boolean): readonly (readonly GraphMemory[])[]
  decoder(frames: number): GraphMemory
}

/** The same clip can be planned for several memories with one prediction, where `memoryOf` is the same. */
export const predictClip = (memoryOf: DeviceMemory['memoryOf'], clip: ClipNetworks): ClipPrediction => {
  const networks = new Map<boolean, readonly (readonly GraphMemory[])[]>()
  const decoders = new Map<number, GraphMemory>()
  return {
    networks(lowMemory) {
      const known = networks.get(lowMemory)
      if (known !== undefined) return known
      const found = clip
        .networks(lowMemory)
        .map((graphs) => [graphs].flat().map((graph) => memoryOf(foldedGraph(graph))))
      networks.set(lowMemory, found)
      return found
    },
    decoder(frames) {
      const known = decoders.get(frames)
      if (known !== undefined) return known
      const found = memoryOf(foldedGraph(clip.decoder(frames)))
      decoders.set(frames, found)
      return found
    },
  }
}

const most = (graphs: readonly GraphMemory[]): GraphMemory =>
  graphs.reduce((worst, graph) => (graph.bytes > worst.bytes ? graph : worst))

const together = (graphs: readonly GraphMemory[]): number =>
  graphs.reduce((total, { bytes }) => total + bytes, 0)

/** `groups`: graphs that are open at the same time, also where not all are. */
const needOf = (
  memory: MemoryPlan,
  groups: readonly (readonly GraphMemory[])[],
  { baseBytes }: DeviceMemory,
): number => baseBytes + (memory === 'resident' ? together(groups.flat()) : Math.max(...groups.map(together)))

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
 * The largest chunk whose decoder alone fits into `roomBytes`; `null` if not even the least one does. Found by halving,
 * as a longer chunk takes more memory.
 */
const largestChunk = (
  predicted: ClipPrediction,
  { numFrames, leastChunk = 1, device }: Pick<ClipMemoryRequest, 'numFrames' | 'leastChunk' | 'device'>,
  roomBytes: number,
): number | null => {
  const fits = (chunk: number): boolean => device.baseBytes + predicted.decoder(chunk).bytes <= roomBytes
  if (fits(numFrames)) return numFrames
  let fitting: number | null = null
  let [from, to] = [leastChunk, numFrames - 1]
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

/**
 * The shortest chunk that cuts the frames into as few chunks: 13 where 14 of 25 frames fit. It gives as many seams and
 * takes no more memory. The last chunk gets more frames, and is as long as the others wherever their count divides the
 * frames. Each length is a session of its own, whose first run plans all convolutions. More chunks of one length would
 * save the second session, but they show more seams.
 */
const evenChunk = (frames: number, longest: number, leastChunk: number): number => {
  const overlap = leastChunk - 1
  const chunks = Math.ceil((frames - overlap) / (longest - overlap))
  return Math.ceil((frames - overlap) / chunks) + overlap
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

const fittingPlan = (
  request: Omit<ClipMemoryRequest, 'clip' | 'width' | 'height'>,
  predicted: ClipPrediction,
): FittingPlan | null => {
  const { numFrames, videos = 1, leastChunk = 1, device } = request
  const { availableBytes } = device
  const frames = videos * numFrames
  // A decoder of thousands of frames takes seconds to predict, and cannot help where the networks alone do not fit.
  const ways = waysOf(request).filter(
    (memory) => needOf(memory, predicted.networks(memory === 'low-vram'), device) <= roomFor(memory, request),
  )
  if (ways.length === 0) return null
  const withChunk = (decodeChunk: number): FittingPlan | null => {
    for (const memory of ways) {
      // The last chunk is a graph of its own where chunks do not divide the frames. Chunks that overlap are all as long.
      const rest = leastChunk > 1 ? 0 : frames % decodeChunk
      const decoders = [decodeChunk, ...(rest === 0 ? [] : [rest])].map(predicted.decoder)
      const groups = [...predicted.networks(memory === 'low-vram'), ...decoders.map((graph) => [graph])]
      const needBytes = needOf(memory, groups, device)
      if (needBytes > roomFor(memory, request)) continue
      return { fits: true, memory, decodeChunk, graphs: groups.flat(), needBytes, availableBytes }
    }
    return null
  }
  if (request.decodeChunk !== null) return withChunk(Math.min(request.decodeChunk, numFrames))
  if (request.memory !== 'low-vram') {
    const whole = withChunk(numFrames)
    if (whole !== null) return whole
  }
  const longest = largestChunk(predicted, request, decoderRoom(predicted, request))
  return longest === null ? null : withChunk(evenChunk(frames, longest, leastChunk))
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
  const fits = (changed: Partial<ClipMemoryRequest>): FittingPlan | null => {
    const tried = { ...request, ...changed }
    return fittingPlan(tried, predictClip(request.device.memoryOf, request.clip(tried)))
  }
  const auto = request.memory === 'auto' ? {} : ({ memory: 'auto' } as const)
  if (request.memory !== 'auto' && fits(auto) !== null) return auto
  const chunked = request.decodeChunk === null ? null : fits({ ...auto, decodeChunk: null })
  if (chunked !== null) return { ...auto, decodeChunk: chunked.decodeChunk }
  // Where not even the fewest frames fit, no number does.
  const helps = fits({ ...auto, decodeChunk: null, numFrames: FEWEST_FRAMES }) !== null
  for (
    let numFrames = Math.floor(request.numFrames / 2);
    helps && numFrames >= FEWEST_FRAMES;
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
  if (plan !== null) return plan
  const { availableBytes, totalBytes } = device
  const withTotal = { ...device, availableBytes: totalBytes }
  const fitsTotal =
    totalBytes > availableBytes && fittingPlan({ ...request, device: withTotal }, predicted) !== null
  const leastChunk = Math.min(request.decodeChunk ?? request.leastChunk ?? 1, numFrames)
  const memory = waysOf(request).at(-1) ?? 'low-vram'
  const groups = [...predicted.networks(memory === 'low-vram'), [predicted.decoder(leastChunk)]]
  const needBytes = needOf(memory, groups, device)
  return {
    fits: false,
    graph: memory === 'resident' ? 'all networks together' : most(groups.flat()).graph,
    needBytes,
    availableBytes: Math.floor(roomFor(memory, request)),
    usedByOthersBytes: Math.max(0, totalBytes - availableBytes),
    ...{ totalBytes, fitsTotal },
    nearest: findsNearest ? nearestArguments(request) : null,
    instanceType: device.instanceTypeFor(needBytes),
  }
}
