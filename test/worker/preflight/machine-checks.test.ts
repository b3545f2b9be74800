import { expect, test } from 'vitest'
import { OLDEST_NODE } from '../../../shared/program-file.ts'
import {
  checkDisk,
  checkFfmpeg,
  checkMemory,
  checkNode,
  checkScratch,
} from '../../../worker/preflight/machine-checks.ts'
import { aMachine } from './a-machine.ts'

test.each([
  ['23.99.0', 'fail'],
  ['24.0.0', 'ok'],
  ['100.0.0', 'ok'],
])('the check of Node %s has status %s', async (nodeVersion, status) => {
  expect(await checkNode(aMachine({ nodeVersion }))).toEqual({
    ...{ name: 'node', status, found: nodeVersion },
    fix: status === 'ok' ? null : `use Node ${OLDEST_NODE} or newer; npm scripts of this package do`,
  })
})

test('the check of ffmpeg fails for a build without libx264', async () => {
  const ffmpeg = { path: '/opt/ffmpeg', source: 'FFMPEG_PATH', version: '7.1', encoders: ['png'] } as const
  expect(await checkFfmpeg(aMachine({ ffmpeg: async () => ffmpeg }))).toEqual({
    ...{ name: 'ffmpeg', status: 'fail', found: '7.1, /opt/ffmpeg (from FFMPEG_PATH) has no libx264' },
    fix: 'set FFMPEG_PATH to a build with libx264',
  })
})

test.each([
  [999_999_999, 'fail'],
  [1e9, 'warn'],
  [12e9 - 1, 'warn'],
  [12e9, 'ok'],
])('the check of %d bytes of available memory has status %s', async (bytes, status) => {
  const check = await checkMemory(aMachine({ availableMemoryBytes: async () => bytes }))
  expect(check).toMatchObject({
    ...{ name: 'memory', status },
    fix: status === 'ok' ? null : 'close programs, or render small: --memory low-vram',
  })
})

test.each([
  [99_999_999, 'fail'],
  [0.1e9, 'warn'],
  [2e9 - 1, 'warn'],
  [2e9, 'ok'],
])('the check of %d free bytes on a disk has status %s', async (bytes, status) => {
  const asked: string[] = []
  const machine = aMachine({ freeDiskBytes: async (folder) => asked.push(folder) && bytes })
  expect(await checkDisk(machine, 'output', 'clips')).toMatchObject({
    ...{ name: 'output', status, fix: status === 'ok' ? null : 'free some space' },
  })
  expect(asked).toEqual(['clips'])
})

test('the scratch check writes to its folder before it reads the free space, and an output check writes nothing', async () => {
  const calls: string[] = []
  const machine = aMachine({
    tryWriting: async (folder) => void calls.push(`writes ${folder}`),
    freeDiskBytes: async (folder) => calls.push(`reads ${folder}`) && 2e9,
  })
  expect(await checkScratch(machine, '/scratch')).toEqual({
    ...{ name: 'scratch', status: 'ok', found: '2.00 GB free in /scratch', fix: null },
  })
  await checkDisk(machine, 'output', 'clips')
  expect(calls).toEqual(['writes /scratch', 'reads /scratch', 'reads clips'])
})
