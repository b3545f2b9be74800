import { expect, test } from 'vitest'
import type { PipelineEvent } from '../../../shared/contracts/pipeline-event.ts'
import { createPublish } from '../../../worker/local/event-receivers.ts'
import { anEvent } from './an-event.ts'

test('each receiver gets an event once, although notify publishes it several times', async () => {
  const appended: PipelineEvent[] = []
  const run: PipelineEvent[] = []
  const publish = createPublish({
    append: async (events) => void appended.push(...events),
    commands: { add: (event) => void run.push(event) },
  })
  await publish([anEvent(1), anEvent(2)])
  await publish([anEvent(2), anEvent(3)])
  await publish([anEvent(1)])
  expect(appended).toEqual([anEvent(1), anEvent(2), anEvent(3)])
  expect(run).toEqual(appended)
})

test('a receiver gets an event whose write failed when notify publishes it again', async () => {
  const run: PipelineEvent[] = []
  let isFull = true
  const publish = createPublish({
    async append() {
      if (isFull) throw new Error('ENOSPC')
    },
    commands: { add: (event) => void run.push(event) },
  })
  await expect(publish([anEvent(1)])).rejects.toThrow('ENOSPC')
  expect(run).toEqual([])
  isFull = false
  await publish([anEvent(1)])
  expect(run).toEqual([anEvent(1)])
})
