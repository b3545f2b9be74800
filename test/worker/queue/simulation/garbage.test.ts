import { expect, test } from 'vitest'
import { collectGarbage } from '../../../fixtures/collect-garbage.ts'
import { MAX_UPLOADS } from './schedule.ts'
import { simulate } from './simulate.ts'
import { makeUploadableImages } from './uploadable-images.ts'

const SCHEDULES = 10
const images = await makeUploadableImages(MAX_UPLOADS)

/** The trace of a schedule, which every process of it writes to, without a reference that keeps it in memory. */
const traceOf = async (seed: number): Promise<WeakRef<object>> =>
  new WeakRef((await simulate(seed, images)).trace)

test('a schedule leaves nothing in memory, although its processes died while they waited', async () => {
  const traces: WeakRef<object>[] = []
  for (let seed = 1; seed <= SCHEDULES; seed++) traces.push(await traceOf(seed))

  await collectGarbage()

  expect(traces.filter((trace) => trace.deref() !== undefined)).toEqual([])
})
