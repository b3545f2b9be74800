import { describe, expect, test } from 'vitest'
import { createBfcArena } from '../../../../worker/engine/memory/bfc-arena.ts'

const MIB = 2 ** 20

const sizes = (regions: readonly number[]): readonly number[] => regions.map((bytes) => bytes / MIB)

describe('the arena', () => {
  test('doubles its regions up to 1 GiB while allocations fit into the next one', () => {
    const arena = createBfcArena()
    for (let count = 0; count < 6; count += 1) arena.allocate(MIB)
    expect(sizes(arena.regions)).toEqual([1, 2, 4])
    for (let count = 0; count < 5; count += 1) arena.allocate(600 * MIB)
    expect(sizes(arena.regions).slice(3)).toEqual([1024, 1024, 1024, 1024, 1024])
  })

  test('makes larger regions for large allocations, and returns to 1 GiB after the second of a size', () => {
    const arena = createBfcArena()
    for (const gib of [3, 3, 1, 1]) arena.allocate(gib * 1024 * MIB)
    expect(sizes(arena.regions)).toEqual([4096, 4096])
    arena.allocate(600 * MIB)
    expect(sizes(arena.regions)).toEqual([4096, 4096, 1024])
  })

  test('takes the smallest free chunk that fits, and splits it if it is twice the request', () => {
    const arena = createBfcArena()
    const large = arena.allocate(MIB)!
    const small = arena.allocate(0.5 * MIB)!
    arena.allocate(0.5 * MIB)
    arena.free(large)
    arena.free(small)
    expect(arena.allocate(0.4 * MIB)).toMatchObject({ region: 1, sizeBytes: 0.5 * MIB })
    expect(arena.allocate(0.5 * MIB)).toMatchObject({ region: 0, sizeBytes: 0.5 * MIB })
    expect(arena.allocate(256)).toMatchObject({ region: 0, offsetBytes: 0.5 * MIB })
  })

  test('leaves less than 128 MiB unused instead of splitting a chunk that is not twice the request', () => {
    const arena = createBfcArena()
    expect(arena.allocate(900 * MIB)).toMatchObject({ sizeBytes: 1024 * MIB })
    expect(arena.allocate(890 * MIB)).toMatchObject({ sizeBytes: 890 * MIB })
  })

  test('merges free neighbours, but merges unused space only after the run', () => {
    const arena = createBfcArena()
    const first = arena.allocate(2 * MIB)!
    const [a, b] = [arena.allocate(MIB)!, arena.allocate(MIB)!]
    arena.free(a)
    arena.free(b)
    expect(arena.allocate(2 * MIB)).toMatchObject({ region: 1, offsetBytes: 0 })
    arena.free(first)
    arena.endRun()
    expect(sizes(arena.regions)).toEqual([2, 2])
    expect(arena.allocate(4 * MIB)).toMatchObject({ region: 2 })
  })

  test('requests nine tenths each time the device refuses, down to the allocation itself', () => {
    const arena = createBfcArena({ deviceBytes: 900 * MIB })
    arena.allocate(800 * MIB)
    expect(arena.regions[0]).toBe(Math.ceil((1024 * MIB * 0.9 * 0.9) / 256) * 256)
    expect(createBfcArena({ deviceBytes: 700 * MIB }).allocate(800 * MIB)).toBeNull()
  })
})
