import { expect, test } from 'vitest'
import { createMutex } from '../../../../worker/jobs/slots/mutex.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

/** Lets everything that can go on go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Enters under names, and notes who is in. */
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

test('lets one in, and the others in the order of asking', async () => {
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

test('who comes first goes before all that wait', async () => {
  const { entered, enter, leave } = aPlace()
  for (const name of ['a', 'b']) void enter(name)

  void enter('urgent', unaborted, true)
  await settled()
  leave('a')
  await settled()

  expect(entered).toEqual(['a', 'urgent'])
})

test('leaving twice is leaving once', async () => {
  const { entered, enter, leave } = aPlace()
  for (const name of ['a', 'b', 'c']) void enter(name)
  await settled()

  leave('a')
  leave('a')
  await settled()

  expect(entered).toEqual(['a', 'b'])
})

test('who gives up does not get in, and holds up nobody', async () => {
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

test('who gave up before asking does not get in', async () => {
  const { entered, enter } = aPlace()

  await enter('a', AbortSignal.abort(new Error('gave up')))

  expect(entered).toEqual(['a: gave up'])
})

test('is free again when all have left', async () => {
  const { entered, enter, leave } = aPlace()
  await enter('a')
  leave('a')

  await enter('b')

  expect(entered).toEqual(['a', 'b'])
})
