import { expect, test } from 'vitest'
import {
  availableInGroup,
  readAvailableHostBytes,
} from '../../../../worker/engine/memory/available-host-bytes.ts'

const STAT = 'anon 300\nfile 70\nkernel 5\ninactive_file 40\nactive_file 25\n'

test('availableInGroup counts pages of files, because the system reclaims them', () => {
  expect(availableInGroup({ freeBytes: 100, stat: STAT, machineBytes: 1000 })).toBe(165)
})

test('availableInGroup returns at most the memory of the machine', () => {
  expect(availableInGroup({ freeBytes: 100, stat: STAT, machineBytes: 120 })).toBe(120)
})

test('availableInGroup returns the free bytes of a group that cannot be read', () => {
  expect(availableInGroup({ freeBytes: 100, stat: null, machineBytes: 1000 })).toBe(100)
})

test('readAvailableHostBytes returns more than 1 MiB for this process', async () => {
  expect(await readAvailableHostBytes()).toBeGreaterThan(2 ** 20)
})
