import { expect, test } from 'vitest'
import { ObjectChangedError, ObjectTooLargeError } from '../../../shared/ports/object-store.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { steadyStore } from '../../../worker/jobs/steady-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { closingDeps } from './closing-deps.ts'

const TEXT = { contentType: 'text/plain' }

const aSteadyStore = (failures: number, error: Error = new Error('503')) => {
  const triedMs: number[] = []
  let left = failures
  const setup = closingDeps({
    before() {
      triedMs.push(setup.time.nowMs())
      if (left-- > 0) throw error
    },
  })
  return { ...setup, triedMs, steady: steadyStore(setup.store, setup.deps) }
}

test.each([
  ['head', (store) => store.head('a', unaborted)],
  ['read', (store) => store.read('a', { maxBytes: 9 }, unaborted)],
  ['create', (store) => store.create('a', new Uint8Array(1), TEXT, unaborted)],
  ['put', (store) => store.put('a', new Uint8Array(1), TEXT, unaborted)],
  ['replace', (store) => store.replace('a', '"e"', new Uint8Array(1), TEXT, unaborted)],
] as const satisfies readonly (readonly [string, (store: ReturnType<typeof steadyStore>) => unknown])[])(
  'the store retries a failed %s after growing delays',
  async (_, request) => {
    const { steady, settled, triedMs } = aSteadyStore(4)

    await settled(Promise.resolve(request(steady)))

    expect(triedMs).toEqual([0, 250, 750, 1_750, 3_750])
  },
)

test('the store throws a PostponedError after five failed tries', async () => {
  const { steady, settled, triedMs } = aSteadyStore(5)

  const reading = settled(steady.head('a', unaborted))

  await expect(reading).rejects.toThrow('the bucket memory does not answer: 503')
  await expect(reading).rejects.toBeInstanceOf(PostponedError)
  await expect(reading).rejects.toMatchObject({ workersFault: true })
  expect(triedMs.length).toBe(5)
})

test.each([
  new ObjectTooLargeError('a', 10, 9),
  new ObjectChangedError('a'),
  Object.assign(new Error('ENOENT: video.mp4'), { code: 'ENOENT', path: 'video.mp4' }),
])('the store does not retry an error that would recur: %s', async (error) => {
  const { steady, settled, triedMs } = aSteadyStore(1, error)

  await expect(settled(steady.head('a', unaborted))).rejects.toBe(error)
  expect(triedMs).toEqual([0])
})

test('the store ends with the reason of its signal, also between two tries', async () => {
  const { steady, settled, time } = aSteadyStore(9)
  const stop = new AbortController()
  time.after(300, () => stop.abort(new Error('SIGTERM')))

  await expect(settled(steady.head('a', stop.signal))).rejects.toThrow('SIGTERM')
  expect(time.nowMs()).toBe(300)
})

test('the store calls beforeTry before each try, and ends with the error that it throws', async () => {
  const { store, deps, settled, triedMs } = aSteadyStore(9)
  let allowed = 2
  const steady = steadyStore(store, {
    ...deps,
    beforeTry() {
      if (allowed-- === 0) throw new Error('the lease is lost')
    },
  })

  await expect(settled(steady.head('a', unaborted))).rejects.toThrow('the lease is lost')
  expect(triedMs.length).toBe(2)
})
