import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { abortWith } from '../../shared/abort-with.ts'

const someControllers = () => ({
  first: new AbortController(),
  second: new AbortController(),
  controller: new AbortController(),
})

test('aborts the controller with the first signal that aborts, for its reason', () => {
  const { first, second, controller } = someControllers()
  abortWith(controller, [first.signal, second.signal])
  expect(controller.signal.aborted).toBe(false)

  second.abort('second')
  first.abort('first')

  expect(controller.signal.reason).toBe('second')
})

test('aborts the controller at once if a signal has aborted before', () => {
  const { first, second, controller } = someControllers()
  second.abort('before')

  abortWith(controller, [first.signal, second.signal])

  expect(controller.signal.reason).toBe('before')
  expect(getEventListeners(first.signal, 'abort')).toHaveLength(0)
})

test('leaves the controller alone after it was disposed of, and no listener on any signal', () => {
  const { first, second, controller } = someControllers()
  const following = abortWith(controller, [first.signal, second.signal])

  following[Symbol.dispose]()
  first.abort('too late')

  expect(controller.signal.aborted).toBe(false)
  expect([first, second].flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([])
})
