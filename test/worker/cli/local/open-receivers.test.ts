import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { openReceivers } from '../../../../worker/cli/local/open-receivers.ts'
import { openDataDir } from '../../../../worker/local/data-dir.ts'
import { eventLines } from '../../../../worker/local/event-file.ts'
import { persistentEvents } from '../../../../worker/local/persistent-events.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { anEvent } from '../../local/an-event.ts'

const deps = { stdout: { write() {} }, stderr: new PassThrough(), environment: () => ({ ...process.env }) }

test('openReceivers runs the commands that an earlier process left unfinished, each once', async () => {
  const folder = await temporaryDir()
  const heard = path.join(folder, 'heard')
  using dir = await openDataDir(path.join(folder, 'data'), () => new Date(0))
  const events = persistentEvents(dir.records)
  events.add([anEvent(1), anEvent(2)], { runs: true })
  events.finish(anEvent(2).event_id)
  await using receivers = await openReceivers({ onEvent: `cat >> '${heard}'` }, { ...deps, events })
  await receivers.publish?.([anEvent(1), anEvent(3)], unaborted)
  receivers.resume()
  await receivers.settled()
  const lines = (await readFile(heard, 'utf8')).split(/(?<=\n)/)
  expect(lines.toSorted()).toEqual([eventLines([anEvent(1)]), eventLines([anEvent(3)])])
  expect(events.unfinished()).toEqual([])
})

test('openReceivers publishes nothing without options', async () => {
  await using receivers = await openReceivers({}, { ...deps, events: null })
  expect(receivers.publish).toBeNull()
})
