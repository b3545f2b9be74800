import { describe, expect, test } from 'vitest'
import { cancelKey } from '../../../shared/contracts/bucket-layout.ts'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aWorld, idOf } from './a-world.ts'

test.each([
  ['before it began', 0],
  ['while it renders', 5],
  ['while it is finished', 12],
])('a job that is cancelled %s is recorded as cancelled', async (_, atSeconds) => {
  const world = aWorld({ pictures: ['cat', 'dog'] })
  const cancel = () =>
    world.store.put(cancelKey(idOf('cat')), new Uint8Array(), { contentType: 'application/json' }, unaborted)
  if (atSeconds === 0) await cancel()
  else world.after(atSeconds, () => void cancel())

  await world.run()

  expect(await world.resultOf('cat')).toMatchObject({ state: 'cancelled', outputs: [] })
  expect(await world.resultOf('dog')).toMatchObject({ state: 'succeeded' })
  expect(world.jobs.messages()).toEqual([])
})

test('a job that is cancelled before it began does not reach its first stage', async () => {
  const world = aWorld({ pictures: ['cat'] })
  await world.store.put(cancelKey(idOf('cat')), new Uint8Array(), { contentType: '' }, unaborted)

  await world.run()

  expect(world.eventsOf('job-stage')).toEqual([])
  expect(await world.resultOf('cat')).toMatchObject({ state: 'cancelled' })
})

describe('a job that is cancelled has its record within the time between two looks', () => {
  const MARKER = { contentType: 'application/json' }
  const cancelAt = (world: ReturnType<typeof aWorld>, picture: string, atSeconds: number): void =>
    world.after(atSeconds, () => {
      void world.store.put(cancelKey(idOf(picture)), new Uint8Array(), MARKER, unaborted)
    })
  const secondsOf = async (world: ReturnType<typeof aWorld>, picture: string): Promise<number> => {
    const { state, finished_at } = resultRecordSchema.parse(await world.resultOf(picture))
    expect(state).toBe('cancelled')
    return (Date.parse(finished_at) - dateAt(0).getTime()) / 1000
  }

  test.each(['prepare', 'render', 'finish'] as const)('while the worker has to %s it', async (stage) => {
    const world = aWorld({ pictures: ['cat', 'dog'], seconds: { [stage]: 500 } })
    cancelAt(world, 'cat', 100)
    await world.run()
    expect(await secondsOf(world, 'cat')).toBeLessThanOrEqual(103)
  })

  test('while it waits behind another', async () => {
    const world = aWorld({ pictures: ['cat', 'dog'], seconds: { render: 500 } })
    cancelAt(world, 'dog', 100)
    await world.run()
    expect(await secondsOf(world, 'dog')).toBeLessThanOrEqual(103)
  })
})
