/*
 * A simulation of ONNX Runtime's BFCArena, as onnxruntime-node configures it for every session: regions grow by powers
 * of two, and a region stays until the session is released.
 *
 *     region  ┌──────────┬─────┬───────────────┐   chunks lie side by side; free neighbours become one chunk,
 *             │ used     │free │ used          │   but never across regions
 *             └──────────┴─────┴───────────────┘
 *
 * An allocation takes the smallest free chunk that fits. The chunk is split if what is left is large enough. Where no
 * chunk fits, a new region is requested from the device. Each region is at least as large as the one before it, so a
 * few large tensors of growing size can leave regions behind that no later tensor fits into.
 *
 * Source: onnxruntime/core/framework/bfc_arena.cc of ONNX Runtime 1.30.
 */

/** The arena's unit: every chunk is a multiple of it. */
const UNIT_BYTES = 256
const FIRST_REGION_BYTES = 2 ** 20
/**
 * Regions grow by themselves up to this size, and it is the next size after each region that was not made larger for an
 * allocation. Allocations beyond it still make larger ones.
 */
const MAX_GROWN_REGION_BYTES = 2 ** 30
/** A chunk is split if at least this much is left, or if it is twice the request. */
const MAX_WASTE_BYTES = 128 * 2 ** 20
/** A refused region is requested again with this share of its size, until it is smaller than the allocation. */
const RETRY_SHARE = Math.fround(0.9)

export interface Chunk {
  sizeBytes: number
  isFree: boolean
  /** Whether it was never part of an allocation of this run: ONNX Runtime's stream is not assigned to it yet. */
  isFresh: boolean
  /** Number of the region, by age, and the offset in it: the order in which equal chunks are taken. */
  readonly region: number
  readonly offsetBytes: number
  previous: Chunk | null
  next: Chunk | null
}

export interface BfcArena {
  /** `null` if the device refuses. */
  allocate(sizeBytes: number): Chunk | null
  free(chunk: Chunk): void
  /** All chunks can be merged again, as after a run. */
  endRun(): void
  /** Sizes of all regions, the oldest first. */
  readonly regions: readonly number[]
  /** Bytes of all regions. */
  readonly totalBytes: number
  /** Bytes up to the end of the last allocation in each region: the system gives memory to the CPU only there. */
  readonly touchedBytes: number
}

const rounded = (sizeBytes: number): number => Math.ceil(sizeBytes / UNIT_BYTES) * UNIT_BYTES

/** Fresh chunks only join fresh ones, so a region that was split once stays in two parts until the run ends. */
const joins = (chunk: Chunk, neighbour: Chunk | null): neighbour is Chunk =>
  neighbour?.isFree === true && neighbour.isFresh === chunk.isFresh

const shrunk = (wanted: number, sizeBytes: number, room: number): number | null => {
  let bytes = wanted
  while (bytes > room) {
    bytes = rounded(Math.trunc(bytes * RETRY_SHARE))
    if (bytes < sizeBytes || bytes < 8192) return null
  }
  return bytes
}

export interface BfcArenaOptions {
  /** Bytes that the device can give to regions. Default: no limit. */
  readonly deviceBytes?: number
  /** Region at the lowest address, which the driver decides. The arena takes the chunk there among equal chunks. */
  readonly lowestRegion?: 'oldest' | 'newest'
  /** CUDA's arena assigns chunks to streams, the CPU's does not. Default true. */
  readonly hasStreams?: boolean
}

export const createBfcArena = ({
  deviceBytes = Number.POSITIVE_INFINITY,
  lowestRegion = 'oldest',
  hasStreams = true,
}: BfcArenaOptions = {}): BfcArena => {
  const freeChunks = new Set<Chunk>()
  const regions: number[] = []
  const touched: number[] = []
  const byAge = lowestRegion === 'oldest' ? 1 : -1
  let totalBytes = 0
  let nextRegionBytes = FIRST_REGION_BYTES

  const smallestFree = (sizeBytes: number): Chunk | null => {
    let best: Chunk | null = null
    for (const chunk of freeChunks) {
      if (chunk.sizeBytes < sizeBytes) continue
      if (best !== null) {
        const order =
          chunk.sizeBytes - best.sizeBytes ||
          byAge * (chunk.region - best.region) ||
          chunk.offsetBytes - best.offsetBytes
        if (order >= 0) continue
      }
      best = chunk
    }
    return best
  }

  /** Bytes that the device grants for an allocation; `null` if it refuses. */
  const granted = (sizeBytes: number): number | null => {
    const room = deviceBytes - totalBytes
    if (nextRegionBytes < sizeBytes) {
      while (nextRegionBytes < sizeBytes) nextRegionBytes *= 2
      return shrunk(nextRegionBytes, sizeBytes, room)
    }
    const bytes = nextRegionBytes
    nextRegionBytes = Math.min(2 * bytes, MAX_GROWN_REGION_BYTES)
    return shrunk(bytes, sizeBytes, room)
  }

  const extend = (sizeBytes: number): Chunk | null => {
    const bytes = granted(sizeBytes)
    if (bytes === null) return null
    const region = regions.push(bytes) - 1
    totalBytes += bytes
    return {
      sizeBytes: bytes,
      isFree: true,
      isFresh: true,
      region,
      offsetBytes: 0,
      previous: null,
      next: null,
    }
  }

  const split = (chunk: Chunk, sizeBytes: number): void => {
    const rest: Chunk = {
      sizeBytes: chunk.sizeBytes - sizeBytes,
      isFree: true,
      isFresh: chunk.isFresh,
      region: chunk.region,
      offsetBytes: chunk.offsetBytes + sizeBytes,
      previous: chunk,
      next: chunk.next,
    }
    if (chunk.next !== null) chunk.next.previous = rest
    chunk.next = rest
    chunk.sizeBytes = sizeBytes
    freeChunks.add(rest)
  }

  /** Makes one chunk of both; `right` is gone. */
  const merge = (left: Chunk, right: Chunk): Chunk => {
    left.sizeBytes += right.sizeBytes
    left.next = right.next
    if (right.next !== null) right.next.previous = left
    freeChunks.delete(right)
    return left
  }

  return {
    regions,
    get touchedBytes() {
      return touched.reduce((sum, bytes) => sum + bytes, 0)
    },
    get totalBytes() {
      return totalBytes
    },
    allocate(requestedBytes) {
      const sizeBytes = rounded(requestedBytes)
      const chunk = smallestFree(sizeBytes) ?? extend(sizeBytes)
      if (chunk === null) return null
      freeChunks.delete(chunk)
      const left = chunk.sizeBytes - sizeBytes
      if (left >= sizeBytes || left >= MAX_WASTE_BYTES) split(chunk, sizeBytes)
      chunk.isFree = false
      chunk.isFresh = !hasStreams
      const end = chunk.offsetBytes + sizeBytes
      touched[chunk.region] = Math.max(touched[chunk.region] ?? 0, end)
      return chunk
    },
    endRun() {
      for (const chunk of [...freeChunks]) chunk.isFresh = true
      for (const chunk of [...freeChunks]) {
        while (freeChunks.has(chunk) && joins(chunk, chunk.next)) merge(chunk, chunk.next)
      }
    },
    free(chunk) {
      chunk.isFree = true
      let whole = chunk
      if (joins(whole, whole.next)) whole = merge(whole, whole.next)
      if (joins(whole, whole.previous)) whole = merge(whole.previous, whole)
      freeChunks.add(whole)
    },
  }
}
