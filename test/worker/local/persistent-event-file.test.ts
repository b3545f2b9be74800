import { appendFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { PipelineEvent } from '../../../shared/contracts/pipeline-event.ts'
import { openDataDir } from '../../../worker/local/data-dir.ts'
import { eventLines } from '../../../worker/local/event-file.ts'
import { createPublish } from '../../../worker/local/event-receivers.ts'
import { openPersistentEventFile } from '../../../worker/local/persistent-event-file.ts'
import { type PersistentEvents, persistentEvents } from '../../../worker/local/persistent-events.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { anEvent } from './an-event.ts'

/** Runs a process of `svd local` with an event file and a command; `use` gets what notify publishes to. */
const run = async (
  folder: string,
  use: (
    publish: (events: readonly PipelineEvent[]) => Promise<void>,
    given: PersistentEvents,
    added: readonly PipelineEvent[],
  ) => Promise<void>,
  { runs = true } = {},
): Promise<void> => {
  using dir = await openDataDir(path.join(folder, 'data'), () => new Date(0))
  const given = persistentEvents(dir.records)
  await using file = await openPersistentEventFile(path.join(folder, 'events.jsonl'), given, { runs })
  const added: PipelineEvent[] = []
  const commands = runs ? { add: (event: PipelineEvent) => void added.push(event) } : null
  await use(createPublish({ append: file.append, commands, given }), given, added)
}

const linesOf = (folder: string) => readFile(path.join(folder, 'events.jsonl'), 'utf8')

test('an event is written once, also when notify publishes it again after a restart', async () => {
  const folder = await temporaryDir()
  await run(folder, (publish) => publish([anEvent(1), anEvent(2)]))
  await run(folder, async (publish, _, added) => {
    await publish([anEvent(2), anEvent(3)])
    expect(added).toEqual([anEvent(3)])
  })
  expect(await linesOf(folder)).toBe(eventLines([anEvent(1), anEvent(2), anEvent(3)]))
})

test('an event that a killed process wrote but did not record is not written again', async () => {
  const folder = await temporaryDir()
  await run(folder, (publish) => publish([anEvent(1)]))
  // The kill left a whole line and a part of a line.
  const partOfTwo = eventLines([anEvent(2)]).slice(0, 40)
  await appendFile(path.join(folder, 'events.jsonl'), eventLines([anEvent(4)]) + partOfTwo)
  await run(folder, async (publish, given) => {
    expect(given.unfinished()).toEqual([anEvent(1), anEvent(4)])
    await publish([anEvent(4), anEvent(2)])
  })
  expect(await linesOf(folder)).toBe(eventLines([anEvent(1), anEvent(4), anEvent(2)]))
})

test('an event that was written just before the first kill is not written again', async () => {
  const folder = await temporaryDir()
  await run(folder, async () => {})
  await appendFile(path.join(folder, 'events.jsonl'), eventLines([anEvent(1)]))
  await run(folder, (publish) => publish([anEvent(1)]))
  expect(await linesOf(folder)).toBe(eventLines([anEvent(1)]))
})

test('a file with events of other runs is appended to, and these events do not count as written', async () => {
  const folder = await temporaryDir()
  await writeFile(path.join(folder, 'events.jsonl'), eventLines([anEvent(1)]))
  await run(folder, (publish) => publish([anEvent(1)]))
  expect(await linesOf(folder)).toBe(eventLines([anEvent(1), anEvent(1)]))
})

test('a file that was emptied meanwhile is appended to', async () => {
  const folder = await temporaryDir()
  await run(folder, (publish) => publish([anEvent(1), anEvent(2)]))
  await writeFile(path.join(folder, 'events.jsonl'), '')
  await run(folder, (publish) => publish([anEvent(3)]))
  await run(folder, (publish) => publish([anEvent(3), anEvent(4)]))
  expect(await linesOf(folder)).toBe(eventLines([anEvent(3), anEvent(4)]))
})

test('an event whose command has not ended is unfinished after a restart', async () => {
  const folder = await temporaryDir()
  await run(folder, async (publish, given) => {
    await publish([anEvent(1), anEvent(2), anEvent(3)])
    given.finish(anEvent(2).event_id)
  })
  await run(folder, async (_, given) => expect(given.unfinished()).toEqual([anEvent(1), anEvent(3)]))
  const other = await temporaryDir()
  await run(other, (publish) => publish([anEvent(1)]), { runs: false })
  await run(other, async (_, given) => expect(given.unfinished()).toEqual([]))
})
