import { describe, expect, test } from 'vitest'
import { cancelKey } from '../../../shared/contracts/bucket-layout.ts'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { idOf, workerSetup } from './worker-setup.ts'

test.each([
  ['before it starts', 0],
  ['during its render stage', 5],
  ['during its finish stage', 12],
])('a job that is cancelled %s is recorded as cancelled', async (_, atSeconds) => {
  const setup = workerSetup({ images: ['cat', 'dog'] })
  const cancel = () =>
    setup.store.put(cancelKey(idOf('cat')), new Uint8Array(), { contentType: 'application/json' }, unaborted)
  if (atSeconds === 0) await cancel()
  else setup.after(atSeconds, () => void cancel())

  await setup.run()

  expect(await setup.resultOf('cat')).toMatchObject({ state: 'cancelled', outputs: [] })
  expect(await setup.resultOf('dog')).toMatchObject({ state: 'succeeded' })
  expect(setup.jobs.messages()).toEqual([])
})

test('a job that is cancelled before it starts does not reach its first stage', async () => {
  const setup = workerSetup({ images: ['cat'] })
  await setup.store.put(cancelKey(idOf('cat')), new Uint8Array(), { contentType: '' }, unaborted)

  await setup.run()

  expect(setup.eventsOf('job-stage')).toEqual([])
  expect(await setup.resultOf('cat')).toMatchObject({ state: 'cancelled' })
})

describe('the result of a cancelled job is written within 3 s', () => {
  const MARKER = { contentType: 'application/json' }
  const cancelAt = (setup: ReturnType<typeof workerSetup>, image: string, atSeconds: number): void =>
    setup.after(atSeconds, () => {
      void setup.store.put(cancelKey(idOf(image)), new Uint8Array(), MARKER, unaborted)
    })
  const secondsOf = async (setup: ReturnType<typeof workerSetup>, image: string): Promise<number> => {
    const { state, finished_at } = resultRecordSchema.parse(await setup.resultOf(image))
    expect(state).toBe('cancelled')
    return (Date.parse(finished_at) - dateAt(0).getTime()) / 1000
  }

  test.each(['prepare', 'render', 'finish'] as const)('during its %s stage', async (stage) => {
    const setup = workerSetup({ images: ['cat', 'dog'], seconds: { [stage]: 500 } })
    cancelAt(setup, 'cat', 100)
    await setup.run()
    expect(await secondsOf(setup, 'cat')).toBeLessThanOrEqual(103)
  })

  test('while the job waits behind the render of another job', async () => {
    const setup = workerSetup({ images: ['cat', 'dog'], seconds: { render: 500 } })
    cancelAt(setup, 'dog', 100)
    await setup.run()
    expect(await secondsOf(setup, 'dog')).toBeLessThanOrEqual(103)
  })
})
