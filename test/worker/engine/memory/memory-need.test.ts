import { describe, expect, test } from 'vitest'
import type { PlannedGraph } from '../../../../worker/engine/memory/clip-prediction.ts'
import { type HostMemory, NO_HOST_MEMORY } from '../../../../worker/engine/memory/host-memory.ts'
import {
  blendingBytes,
  hostNeedOf,
  hostRoomOf,
  largestOf,
  needOf,
} from '../../../../worker/engine/memory/memory-need.ts'

const MIB = 2 ** 20

const aGraph = (graph: string, bytes: number, host: Partial<HostMemory> = {}): PlannedGraph => ({
  ...{ graph, inputShapes: [], reserve: null, weightBytes: 0, arenaBytes: bytes, bytes },
  host: { ...NO_HOST_MEMORY, ...host },
})

const aHost = { availableBytes: 1000, totalBytes: 2000, baseBytes: 100, share: 0.5 }

describe("of the device's memory", () => {
  const groups = [[aGraph('encoder', 3)], [aGraph('pass', 4), aGraph('step', 5)], [aGraph('decoder', 8)]]

  test('networks that stay need all of it at once', () => {
    expect(needOf('resident', groups, { baseBytes: 100 })).toBe(100 + 3 + 4 + 5 + 8)
  })

  test.each(['offload', 'low-vram'] as const)('%s needs what is open together at most', (memory) => {
    expect(needOf(memory, groups, { baseBytes: 100 })).toBe(100 + 4 + 5)
  })

  test('the largest graph is one, whatever is open beside it', () => {
    expect(largestOf(groups, 'device').graph).toBe('decoder')
  })
})

describe("of the host's memory", () => {
  test("nothing is known where it is the device's, and all of it may be taken", () => {
    expect(hostNeedOf('offload', [[aGraph('step', 1)]], { host: null })).toBeNull()
    expect(hostRoomOf({ host: null })).toBe(Number.POSITIVE_INFINITY)
  })

  test('a process may take its share of what is available', () => {
    expect(hostRoomOf({ host: aHost })).toBe(500)
  })

  test('graphs and outputs of all networks stay, whatever is open', () => {
    const groups = [
      [aGraph('encoder', 1, { graphBytes: 1, outputBytes: 2, sessionBytes: 30 })],
      [aGraph('step', 1, { graphBytes: 4, outputBytes: 8, sessionBytes: 60 })],
    ]
    const need = { availableBytes: 1000 }
    expect(hostNeedOf('offload', groups, { host: aHost })).toEqual({ ...need, needBytes: 100 + 15 + 60 + 8 })
    expect(hostNeedOf('resident', groups, { host: aHost })).toEqual({ ...need, needBytes: 100 + 15 + 90 + 8 })
    expect(hostNeedOf('offload', groups, { host: aHost }, 1000)?.needBytes).toBe(1000 + 100 + 15 + 60 + 8)
  })

  test("a network's weights are prepared beside the sessions before it", () => {
    const groups = [
      [aGraph('pass', 1, { sessionBytes: 30, preparingBytes: 50 })],
      [aGraph('step', 1, { sessionBytes: 60, preparingBytes: 80 })],
    ]
    expect(hostNeedOf('offload', groups, { host: aHost })?.needBytes).toBe(100 + 80)
    expect(hostNeedOf('resident', groups, { host: aHost })?.needBytes).toBe(100 + 30 + 80)
    expect(largestOf(groups, 'host').graph).toBe('step')
  })

  test('at most 160 MiB of arrays are freed late', () => {
    const needOfArrays = (arrayBytes: number) =>
      hostNeedOf('offload', [[aGraph('step', 1, { arrayBytes })]], { host: aHost })?.needBytes
    expect(needOfArrays(5 * MIB)).toBe(100 + 5 * MIB)
    expect(needOfArrays(500 * MIB)).toBe(100 + 160 * MIB)
  })

  test('chunks that are blended are there three times as float32, less two that are counted as bytes', () => {
    expect(blendingBytes(aGraph('decoder', 1, { outputBytes: 7 }))).toBe((3 * 4 - 2) * 7)
  })
})
