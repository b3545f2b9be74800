import { expect, test } from 'vitest'
import { openClipQueue } from '../../../../infra/scaling/simulation/clip-queue.ts'

test('the simulated queue delivers each clip once, in order', () => {
  const queue = openClipQueue()
  queue.send(2, 0)
  expect([queue.receive(), queue.receive(), queue.receive()]).toEqual([0, 1, null])
  expect([queue.visible(), queue.inFlight()]).toEqual([0, 2])
})

test('a clip that is returned to the simulated queue is visible at once, before later clips', () => {
  const queue = openClipQueue()
  queue.send(2, 0)
  queue.receive()
  queue.handBack(0, 2, 0)
  expect(queue.receive()).toBe(0)
  expect(queue.deliveries).toEqual([2, 0])
})

test('a clip of a lost machine is in flight until its lease expires', () => {
  const queue = openClipQueue()
  queue.send(1, 0)
  queue.receive()
  queue.handBack(0, 10, 120)
  queue.tick(129)
  expect([queue.visible(), queue.inFlight()]).toEqual([0, 1])
  queue.tick(130)
  expect([queue.visible(), queue.inFlight()]).toEqual([1, 0])
})

test('the simulated queue counts a clip that is completed twice', () => {
  const queue = openClipQueue()
  queue.send(1, 0)
  queue.receive()
  queue.complete(0, 40)
  queue.complete(0, 41)
  expect(queue.records).toEqual([2])
})
