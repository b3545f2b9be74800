import { expect, test } from 'vitest'
import { createMutex } from '../../../../worker/jobs/slots/mutex.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

/** Waits until all promises that can settle have settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A mutex whose callers have names, with the order in which they entered. */
const aPlace = () => {
  const place = createMutex()
  const entered: string[] = []
  const inside = new Map<string, Disposable>()
  const enter = (name: string, signal = unaborted, first = false): Promise<unknown> =>
    place.enter(signal, { first }).then(
      (left) => {
        entered.push(name)
        inside.set(name, left)
      },
      (error: Error) => entered.push(`${name}: ${error.message}`),
    )
  return { place, entered, enter, leave: (name: string) => inside.get(name)?.[Symbol.dispose]() }
}

test('the mutex admits one caller at a time, in the order of their requests', async () => {
  const { entered, enter, leave } = aPlace()

  for (const name of ['a', 'b', 'c']) void enter(name)
  await settled()
  expect(entered).toEqual(['a'])
  leave('a')
  await settled()
  expect(entered).toEqual(['a', 'b'])
  leave('b')
  await settled()

  expect(entered).toEqual(['a', 'b', 'c'])
})

test('a caller with the option first enters before all that wait', async () => {
  const { entered, enter, leave } = aPlace()
  for (const name of ['a', 'b']) void enter(name)

  void enter('urgent', unaborted, true)
  await settled()
  leave('a')
  await settled()

  expect(entered).toEqual(['a', 'urgent'])
})

test('a caller that leaves twice admits one further caller only', async () => {
  const { entered, enter, leave } = aPlace()
  for (const name of ['a', 'b', 'c']) void enter(name)
  await settled()

  leave('a')
  leave('a')
  await settled()

  expect(entered).toEqual(['a', 'b'])
})

test('a caller that aborts does not enter and does not block the next caller', async () => {
  const { entered, enter, leave } = aPlace()
  const controller = new AbortController()
  void enter('a')
  void enter('b', controller.signal)
  void enter('c')
  await settled()

  controller.abort(new Error('gave up'))
  await settled()
  leave('a')
  await settled()

  expect(entered).toEqual(['a', 'b: gave up', 'c'])
})

test('a caller whose signal aborted before its request does not enter', async () => {
  const { entered, enter } = aPlace()

  await enter('a', AbortSignal.abort(new Error('gave up')))

  expect(entered).toEqual(['a: gave up'])
})

test('the mutex is free again when the last caller has left', async () => {
  const { entered, enter, leave } = aPlace()
  await enter('a')
  leave('a')

  await enter('b')

  expect(entered).toEqual(['a', 'b'])
})
