import { expect, test } from 'vitest'
import { openClipQueue } from '../../../../infra/scaling/simulation/clip-queue.ts'
import {
  drainWorker,
  isIdle,
  isProtected,
  loseWorker,
  openWorker,
  stepWorker,
} from '../../../../infra/scaling/simulation/worker.ts'

const CLIP = { seconds: 30, spread: 0 }

const aWorker = (clips: number) => {
  const queue = openClipQueue()
  queue.send(clips, 0)
  const worker = openWorker(10)
  let now = 0
  return {
    queue,
    worker,
    runTo(until: number) {
      for (; now <= until; now++) stepWorker(worker, now, queue, CLIP, () => 0.5)
    },
  }
}

test('the simulated worker takes no clip before it is ready', () => {
  const { queue, runTo } = aWorker(1)
  runTo(9)
  expect(queue.inFlight()).toBe(0)
})

test('the simulated worker publishes, renders and prepares one clip each at the same time', () => {
  const { queue, worker, runTo } = aWorker(5)
  runTo(10 + 2 + 30 + 1)
  expect(queue.inFlight()).toBe(3)
  expect([worker.publishing?.clip, worker.rendering?.clip, worker.preparing?.clip]).toEqual([0, 1, 2])
})

test('the simulated worker renders one clip after another without a pause', () => {
  const { queue, runTo } = aWorker(3)
  runTo(10 + 2 + 3 * 30 + 4)
  expect(queue.doneAt).toEqual([46, 76, 106])
})

test('the simulated worker protects its task while it has a clip, and for a minute after that', () => {
  const { worker, runTo } = aWorker(1)
  runTo(10)
  expect(isProtected(worker, 11)).toBe(false)
  runTo(20)
  expect(isProtected(worker, 20)).toBe(true)
  runTo(46)
  expect([isIdle(worker), isProtected(worker, 105), isProtected(worker, 106)]).toEqual([true, true, false])
})

test('the simulated worker completes its render within a two-minute notice and returns the prepared clip to the queue', () => {
  const { queue, worker, runTo } = aWorker(3)
  runTo(20)
  expect(drainWorker(worker, 20, 140, queue)).toBe(0)
  expect([queue.visible(), queue.inFlight()]).toEqual([2, 1])
  runTo(50)
  expect(queue.records).toEqual([1, 0, 0])
  expect(isIdle(worker)).toBe(true)
})

test('the simulated worker returns a render that it cannot complete in time, which counts as lost', () => {
  const { queue, worker, runTo } = aWorker(3)
  runTo(20)
  expect(drainWorker(worker, 20, 30, queue)).toBe(1)
  expect([queue.visible(), queue.inFlight(), isIdle(worker)]).toEqual([3, 0, true])
})

test('the clips of a lost machine are visible again when their lease expires', () => {
  const { queue, worker, runTo } = aWorker(3)
  runTo(20)
  expect(loseWorker(worker, 20, queue, 120)).toBe(2)
  queue.tick(140)
  expect(queue.visible()).toBe(3)
})
