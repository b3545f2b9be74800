import { expect, test } from 'vitest'
import {
  availableInGroup,
  readAvailableHostBytes,
} from '../../../../worker/engine/memory/available-host-bytes.ts'

const STAT = 'anon 300\nfile 70\nkernel 5\ninactive_file 40\nactive_file 25\n'

test('pages of files are available, because the system takes them back', () => {
  expect(availableInGroup({ freeBytes: 100, stat: STAT, machineBytes: 1000 })).toBe(165)
})

test('no more is available than the machine has', () => {
  expect(availableInGroup({ freeBytes: 100, stat: STAT, machineBytes: 120 })).toBe(120)
})

test('a group that cannot be read has what it has free', () => {
  expect(availableInGroup({ freeBytes: 100, stat: null, machineBytes: 1000 })).toBe(100)
})

test('this process has some', async () => {
  expect(await readAvailableHostBytes()).toBeGreaterThan(2 ** 20)
})
