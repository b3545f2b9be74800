import { once } from '../../../shared/once.ts'
import type { MemoryPlan } from '../memory-mode.ts'
import {
  type ClipPrediction,
  type OpenTogether,
  type PlannableGraphs,
  type PlannedGraph,
  predictClip,
} from './clip-prediction.ts'
import { chunkLengths, evenChunk, largestFitting } from './decode-chunks.ts'
import {
  blendingBytes,
  type DeviceMemory,
  hostNeedOf,
  hostRoomOf,
  largestOf,
  type MemoryNeed,
  needOf,
} from './memory-need.ts'

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
 *
 * A chunk that overflows in float16 is decoded once more in float32, after all other networks are closed. That takes two
 * to three times the memory, and few clips need it. So it does not decide the chunk: it has the largest one of its own
 * that fits.
 */

/** Arguments that would fit; those that are missing stay as they are. */
export interface NearestArguments {
  readonly memory?: 'auto'
  readonly decodeChunk?: number
  readonly numFrames?: number
  readonly width?: number
  readonly height?: number
}

/** Plan by which a chunk that overflows in float16 is decoded again in float32, alone on the device. */
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
  /** Plans the exact decoding on demand, because few clips need it; `null` where the decoder is float32. */
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
  /** The network that needs most, in the way that needs least; `the whole model` where only `resident` is allowed. */
  readonly graph: string
  readonly usedByOthersBytes: number
  readonly totalBytes: number
  /** Whether the clip would fit as requested if other processes used nothing. */
  readonly fitsTotal: boolean
  readonly nearest: NearestArguments | null
  /** An instance type on which the clip fits as requested; `null` if none is known. */
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
  readonly clip: (size: ClipSize) => PlannableGraphs
}

/** Sizes that are tried where a clip does not fit: the VAE and the UNet halve these without a rest. */
const SIZE_STEP = 64
/** The shortest clip that is proposed: one frame is not a video. */
const FEWEST_FRAMES = 2

/** Bytes that a mode may take. `auto` limits networks that stay to the smaller share; a requested mode does not. */
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

/** Bytes that the decoder may take where its chunk is chosen. */
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

/** Frames of all videos, which are decoded as one sequence. */
const allFrames = ({ videos = 1, numFrames }: PlannedRequest): number => videos * numFrames

/** One decoder for each length of a chunk. */
const decodersOf = (
  request: PlannedRequest,
  decodeChunk: number,
  decoder: (frames: number) => PlannedGraph,
): readonly OpenTogether[] =>
  chunkLengths(allFrames(request), decodeChunk, request.leastChunk ?? 1).map((length) => [decoder(length)])

/** Bytes of the host's memory that decoding takes beside its network. */
const passingHostBytes = (
  request: PlannedRequest,
  decodeChunk: number,
  decoder: (frames: number) => PlannedGraph,
): number =>
  (request.leastChunk ?? 1) > 1 && decodeChunk < allFrames(request) ? blendingBytes(decoder(decodeChunk)) : 0

const exactDecodingOf = (
  request: PlannedRequest,
  predicted: ClipPrediction,
  exactDecoder: (frames: number) => PlannedGraph,
  decodeChunk: number,
): ExactDecoding => {
  const { device } = request
  const room = decoderRoom(predicted, request)
  const groupsOf = (chunk: number): readonly OpenTogether[] =>
    decodersOf(request, decodeChunk, (length) => exactDecoder(Math.min(length, chunk)))
  const needBytesOf = (chunk: number): number => needOf('offload', groupsOf(chunk), device)
  const fitsHost = (chunk: number): boolean => {
    const blending = chunk < decodeChunk ? blendingBytes(exactDecoder(chunk)) : 0
    return (hostNeedOf('offload', groupsOf(chunk), device, blending)?.needBytes ?? 0) <= hostRoomOf(device)
  }
  const chunk = largestFitting(1, decodeChunk, (frames) => needBytesOf(frames) <= room && fitsHost(frames))
  return {
    decodeChunk: chunk,
    graphs: chunk === null ? [] : groupsOf(chunk).flat(),
    needBytes: needBytesOf(chunk ?? 1),
  }
}

type WayThatFits = Omit<FittingPlan, 'exact'>

const fittingPlan = (request: PlannedRequest, predicted: ClipPrediction): WayThatFits | null => {
  const { numFrames, leastChunk = 1, device } = request
  const { availableBytes } = device
  const networksOf = (memory: MemoryPlan): readonly OpenTogether[] =>
    predicted.networks(memory === 'low-vram')
  const needsOf = (memory: MemoryPlan, groups: readonly OpenTogether[], passingBytes = 0) => {
    const needBytes = needOf(memory, groups, device)
    const host = hostNeedOf(memory, groups, device, passingBytes)
    const fits = needBytes <= roomFor(memory, request) && (host?.needBytes ?? 0) <= hostRoomOf(device)
    return fits ? { needBytes, host } : null
  }
  const ways = waysOf(request)
  const networksFit = once((memory: MemoryPlan) => needsOf(memory, networksOf(memory)) !== null)
  // A decoder of thousands of frames takes seconds to predict, and cannot help where the networks alone do not fit.
  if (!ways.some(networksFit)) return null
  const withChunk = (decodeChunk: number): WayThatFits | null => {
    const decoders = decodersOf(request, decodeChunk, predicted.decoder)
    const passingBytes = passingHostBytes(request, decodeChunk, predicted.decoder)
    for (const memory of ways) {
      // Asked only for a way that is tried: low-vram has graphs of its own, which take as long to record.
      if (!networksFit(memory)) continue
      const groups = [...networksOf(memory), ...decoders]
      const needs = needsOf(memory, groups, passingBytes)
      if (needs !== null)
        return { fits: true, memory, decodeChunk, graphs: groups.flat(), availableBytes, ...needs }
    }
    return null
  }
  if (request.decodeChunk !== null) return withChunk(Math.min(request.decodeChunk, numFrames))
  if (request.memory !== 'low-vram') {
    const whole = withChunk(numFrames)
    if (whole !== null) return whole
  }
  const room = decoderRoom(predicted, request)
  const longest = largestFitting(leastChunk, numFrames, (frames) => {
    // Where all networks stay, the chunk has what the others leave.
    if (request.memory === 'resident') return withChunk(frames) !== null
    const decoder = [predicted.decoder(frames)]
    const passingBytes = passingHostBytes(request, frames, predicted.decoder)
    const fitsHost = (memory: MemoryPlan): boolean =>
      (hostNeedOf(memory, [...networksOf(memory), decoder], device, passingBytes)?.needBytes ?? 0) <=
      hostRoomOf(device)
    return (
      needOf('offload', [decoder], device) <= room &&
      ways.some((memory) => networksFit(memory) && fitsHost(memory))
    )
  })
  return longest === null ? null : withChunk(evenChunk(allFrames(request), longest, leastChunk))
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
  const fits = (changed: Partial<ClipMemoryRequest>): WayThatFits | null => {
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

/** Whether the clip fits where other processes use nothing of the device's memory and the host's. */
const fitsAlone = (request: PlannedRequest, predicted: ClipPrediction): boolean => {
  const { device } = request
  const { host } = device
  const hasOthers =
    device.totalBytes > device.availableBytes || (host !== null && host.totalBytes > host.availableBytes)
  if (!hasOthers) return false
  const alone = <Supply extends { readonly totalBytes: number }>(supply: Supply) => ({
    ...supply,
    availableBytes: supply.totalBytes,
  })
  const emptied = { ...alone(device), host: host === null ? null : alone(host) }
  return fittingPlan({ ...request, device: emptied }, predicted) !== null
}

export interface PlanOptions {
  /** Prediction for the same device and clip; by default, a new one is made. */
  readonly predicted?: ClipPrediction
  /** Whether the nearest arguments that fit are searched; default true. It takes as long as planning several clips. */
  readonly findsNearest?: boolean
}

/** Plans the memory of a clip. It is pure: it loads nothing and reads no weight. */
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
  const groups = [...predicted.networks(memory === 'low-vram'), [predicted.decoder(leastChunk)]]
  const needBytes = needOf(memory, groups, device)
  const passingBytes = passingHostBytes(request, leastChunk, predicted.decoder)
  const hostNeed = hostNeedOf(memory, groups, device, passingBytes)
  const room = roomFor(memory, request)
  const short =
    needBytes <= room && hostNeed !== null && device.host !== null && hostNeed.needBytes > hostRoomOf(device)
      ? { of: 'host' as const, supply: device.host, needBytes: hostNeed.needBytes, room: hostRoomOf(device) }
      : { of: 'device' as const, supply: device, needBytes, room }
  return {
    fits: false,
    of: short.of,
    graph: memory === 'resident' ? 'the whole model' : largestOf(groups, short.of).graph,
    needBytes: short.needBytes,
    availableBytes: Math.floor(short.room),
    usedByOthersBytes: Math.max(0, short.supply.totalBytes - short.supply.availableBytes),
    totalBytes: short.supply.totalBytes,
    fitsTotal: fitsAlone(request, predicted),
    nearest: findsNearest ? nearestArguments(request) : null,
    instanceType: device.instanceTypeFor(needBytes, hostNeed?.needBytes ?? 0),
  }
}
