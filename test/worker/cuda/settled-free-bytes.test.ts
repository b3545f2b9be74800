import { expect, test } from 'vitest'
import { readSettledFreeBytes } from '../../../worker/cuda/settled-free-bytes.ts'

/** Reads these values, the last one for ever, and counts the waits between. */
const settle = async (...values: readonly number[]) => {
  const waits: number[] = []
  let reading = 0
  const free = await readSettledFreeBytes(
    async () => values[Math.min(reading++, values.length - 1)]!,
    async (ms) => waits.push(ms),
  )
  return { free, waitedMs: waits.reduce((sum, ms) => sum + ms, 0) }
}

test('readSettledFreeBytes reads memory twice if it does not change', async () => {
  expect(await settle(20, 20)).toEqual({ free: 20, waitedMs: 500 })
})

test('readSettledFreeBytes waits for memory that is being freed, for example by a killed renderer', async () => {
  expect(await settle(3, 9, 18, 22, 22)).toEqual({ free: 22, waitedMs: 2000 })
})

test('readSettledFreeBytes leaves out memory that another program takes meanwhile', async () => {
  expect(await settle(3, 9, 7)).toEqual({ free: 7, waitedMs: 1000 })
})

test('readSettledFreeBytes waits a few seconds for memory that rises without end', async () => {
  const rising = Array.from({ length: 100 }, (_, i) => i)
  expect(await settle(...rising)).toEqual({ free: 9, waitedMs: 4500 })
})

test('readSettledFreeBytes throws if the driver does not answer', async () => {
  const failing = readSettledFreeBytes(
    () => Promise.reject(new Error('nvidia-smi: not found')),
    async () => {},
  )
  await expect(failing).rejects.toThrow('nvidia-smi: not found')
})
