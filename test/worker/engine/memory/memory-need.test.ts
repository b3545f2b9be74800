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

describe('for the memory of the device,', () => {
  const groups = [[aGraph('encoder', 3)], [aGraph('pass', 4), aGraph('step', 5)], [aGraph('decoder', 8)]]

  test('the resident mode needs the sum of all graphs', () => {
    expect(needOf('resident', groups, { baseBytes: 100 })).toBe(100 + 3 + 4 + 5 + 8)
  })

  test.each(['offload', 'low-vram'] as const)(
    'the %s mode needs the most that is open at the same time',
    (memory) => {
      expect(needOf(memory, groups, { baseBytes: 100 })).toBe(100 + 4 + 5)
    },
  )

  test('largestOf returns a single graph, not those that are open together', () => {
    expect(largestOf(groups, 'device').graph).toBe('decoder')
  })
})

describe('for the memory of the host,', () => {
  test('hostNeedOf returns null and hostRoomOf infinity, if the device uses it', () => {
    expect(hostNeedOf('offload', [[aGraph('step', 1)]], { host: null })).toBeNull()
    expect(hostRoomOf({ host: null })).toBe(Number.POSITIVE_INFINITY)
  })

  test('hostRoomOf returns the share of the available memory that a process may take', () => {
    expect(hostRoomOf({ host: aHost })).toBe(500)
  })

  test('hostNeedOf counts the graphs and outputs of all networks in every mode', () => {
    const groups = [
      [aGraph('encoder', 1, { graphBytes: 1, outputBytes: 2, sessionBytes: 30 })],
      [aGraph('step', 1, { graphBytes: 4, outputBytes: 8, sessionBytes: 60 })],
    ]
    const need = { availableBytes: 1000 }
    expect(hostNeedOf('offload', groups, { host: aHost })).toEqual({ ...need, needBytes: 100 + 15 + 60 + 8 })
    expect(hostNeedOf('resident', groups, { host: aHost })).toEqual({ ...need, needBytes: 100 + 15 + 90 + 8 })
    expect(hostNeedOf('offload', groups, { host: aHost }, 1000)?.needBytes).toBe(1000 + 100 + 15 + 60 + 8)
  })

  test('hostNeedOf counts the preparation of weights together with the sessions before it', () => {
    const groups = [
      [aGraph('pass', 1, { sessionBytes: 30, preparingBytes: 50 })],
      [aGraph('step', 1, { sessionBytes: 60, preparingBytes: 80 })],
    ]
    expect(hostNeedOf('offload', groups, { host: aHost })?.needBytes).toBe(100 + 80)
    expect(hostNeedOf('resident', groups, { host: aHost })?.needBytes).toBe(100 + 30 + 80)
    expect(largestOf(groups, 'host').graph).toBe('step')
  })

  test('hostNeedOf counts at most 160 MiB of arrays that are freed late', () => {
    const needOfArrays = (arrayBytes: number) =>
      hostNeedOf('offload', [[aGraph('step', 1, { arrayBytes })]], { host: aHost })?.needBytes
    expect(needOfArrays(5 * MIB)).toBe(100 + 5 * MIB)
    expect(needOfArrays(500 * MIB)).toBe(100 + 160 * MIB)
  })

  test('blendingBytes counts blended chunks three times as float32, less two counted as bytes', () => {
    expect(blendingBytes(aGraph('decoder', 1, { outputBytes: 7 }))).toBe((3 * 4 - 2) * 7)
  })
})
