import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type EventCommandOptions, openEventCommands } from '../../../worker/local/event-commands.ts'
import { anEvent } from './an-event.ts'

const EVENTS = Array.from({ length: 10 }, (_, number) => anEvent(number))

const aRun = async (script: string, options: Partial<EventCommandOptions> = {}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-on-event-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const failures: string[] = []
  const sleepsMs: number[] = []
  let output = ''
  const commands = openEventCommands({
    command: `${process.execPath} -e "${script}"`,
    environment: () => ({ PATH: process.env['PATH'], FOLDER: folder }),
    clock: { sleep: async (ms) => void sleepsMs.push(ms) },
    onOutput: (text) => {
      output += text
    },
    onFailure: (message) => failures.push(message),
    ...options,
  })
  onTestFinished(() => commands[Symbol.asyncDispose]())
  return { commands, folder, failures, sleepsMs, output: () => output }
}

const SAVE = `let text = '';
  process.stdin.on('data', (chunk) => text += chunk).on('end', () => {
    require('fs').writeFileSync(process.env.FOLDER + '/' + JSON.parse(text).event_id, text)
  })`.replaceAll(/\s+/g, ' ')

test('the command runs once for each event and gets the event on stdin', async () => {
  const { commands, folder, failures } = await aRun(SAVE)
  for (const event of EVENTS) commands.add(event)
  await commands.settled()
  const files = await readdir(folder)
  const saved = await Promise.all(files.toSorted().map((file) => readFile(path.join(folder, file), 'utf8')))
  expect(saved.map((line) => JSON.parse(line))).toEqual(EVENTS)
  expect(failures).toEqual([])
})

test('at most four commands run at the same time, and a slow command loses no event', async () => {
  const script = `const fs = require('fs'); const own = process.env.FOLDER + '/' + process.pid;
    fs.writeFileSync(own, ''); console.log(fs.readdirSync(process.env.FOLDER).length);
    setTimeout(() => fs.unlinkSync(own), 100)`.replaceAll(/\s+/g, ' ')
  const { commands, output } = await aRun(script)
  for (const event of EVENTS) commands.add(event)
  await commands.settled()
  const running = output().trim().split('\n').map(Number)
  expect(running).toHaveLength(EVENTS.length)
  expect(Math.max(...running)).toBeLessThanOrEqual(4)
})

test('a command that fails runs three times in all, and each failure is reported', async () => {
  const { commands, failures, sleepsMs, output } = await aRun(`console.error('no'); process.exit(3)`)
  commands.add(anEvent(7))
  await commands.settled()
  expect(sleepsMs).toEqual([1_000, 5_000])
  expect(output()).toBe('no\nno\nno\n')
  expect(failures.map((line) => line.replace(/^--on-event: '.*' exited/, 'exited'))).toEqual([
    `exited with code 3 at attempt 1 for the event ${anEvent(7).event_id}; it is run again`,
    `exited with code 3 at attempt 2 for the event ${anEvent(7).event_id}; it is run again`,
    `exited with code 3 at attempt 3 for the event ${anEvent(7).event_id}; it is not run again for this event`,
  ])
})

test('a command that exceeds its time limit is killed', async () => {
  const { commands, failures } = await aRun('setInterval(() => {}, 1000)', { limitMs: 50 })
  commands.add(anEvent(1))
  await commands.settled()
  expect(failures).toHaveLength(3)
  expect(failures[0]).toContain('took longer than 0.05 s and was killed')
})

test('disposal ends the commands that run and starts no other command', async () => {
  const { commands, failures, output } = await aRun(`console.log('began'); setInterval(() => {}, 1000)`)
  for (const event of EVENTS) commands.add(event)
  await expect.poll(() => output()).toContain('began')
  await commands[Symbol.asyncDispose]()
  expect(failures).toEqual([])
  expect(output().match(/began/g)?.length).toBeLessThanOrEqual(4)
})

test('the end of an event is reported when its command succeeded or failed for the last time', async () => {
  const ended: string[] = []
  const onEnd = ({ event_id }: { readonly event_id: string }): void => void ended.push(event_id)
  for (const script of ['', 'process.exit(3)']) {
    const { commands } = await aRun(script, { onEnd })
    commands.add(anEvent(ended.length))
    await commands.settled()
  }
  expect(ended).toEqual([anEvent(0), anEvent(1)].map(({ event_id }) => event_id))
})

test('no end is reported for an event whose command was killed at disposal', async () => {
  const ended: unknown[] = []
  const { commands, output } = await aRun(`console.log('runs'); setInterval(() => {}, 1000)`, {
    onEnd: (event) => ended.push(event),
  })
  commands.add(anEvent(1))
  await expect.poll(output).toContain('runs')
  await commands[Symbol.asyncDispose]()
  expect(ended).toEqual([])
})
