import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventLines, openEventFile } from '../../../worker/local/event-file.ts'
import { anEvent } from './an-event.ts'

const aFile = async (content?: string): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-events-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'events.jsonl')
  if (content !== undefined) await writeFile(file, content)
  return file
}

const appendTo = async (file: string, ...numbers: readonly number[]): Promise<void> => {
  await using events = await openEventFile(file)
  await events.append(numbers.map(anEvent))
}

test('the event file has a line of JSON for each event, and a later process appends to it', async () => {
  const file = await aFile()
  await appendTo(file, 1, 2)
  await appendTo(file, 3)
  const lines = (await readFile(file, 'utf8')).split('\n')
  expect(lines.map((line) => line && JSON.parse(line))).toEqual([anEvent(1), anEvent(2), anEvent(3), ''])
})

test('openEventFile removes an incomplete last line, which a killed process left', async () => {
  const whole = eventLines([anEvent(1)])
  for (const rest of [whole.slice(0, 40), whole.slice(0, -1)]) {
    const file = await aFile(whole + rest)
    await appendTo(file, 2)
    expect(await readFile(file, 'utf8')).toBe(eventLines([anEvent(1), anEvent(2)]))
  }
  const file = await aFile(whole.slice(0, 40))
  await appendTo(file, 2)
  expect(await readFile(file, 'utf8')).toBe(eventLines([anEvent(2)]))
})

test.each(['{"name": "svd"}\n', 'notes without an end', 'a\nb\n'])(
  'openEventFile refuses a file with other content: %j',
  async (content) => {
    const file = await aFile(content)
    await expect(openEventFile(file)).rejects.toThrow(
      `--events: got '${file}', which has other lines than events; choose another file`,
    )
    expect(await readFile(file, 'utf8')).toBe(content)
  },
)

test('openEventFile refuses a file that cannot be written', async () => {
  const file = path.join(await aFile(), 'absent', 'events.jsonl')
  await expect(openEventFile(file)).rejects.toThrow(/^--events: got '.*', which cannot be written: ENOENT/)
})
