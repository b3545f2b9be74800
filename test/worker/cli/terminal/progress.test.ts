import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { formatDuration, openProgress, timeLeft } from '../../../../worker/cli/terminal/progress.ts'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'

/** A terminal that keeps what is written to it, and a clock that only the test moves. */
const aTerminal = () => {
  let text = ''
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const clock = { ms: 0 }
  return { stream, clock, written: () => text, now: () => clock.ms }
}

describe('the progress display', () => {
  test('shows title, phase and step', () => {
    const { stream, written, now } = aTerminal()
    const progress = openProgress(stream, { quiet: false, now })
    progress.begin(() => '2/5 cup.jpg')
    progress.update({ phase: 'load', step: 0, steps: 1 })
    progress.update({ phase: 'denoise', step: 5, steps: 25 })
    progress.end()
    expect(written()).toContain('2/5 cup.jpg  loading the model [------------------------] 0/1')
    expect(written()).toContain('2/5 cup.jpg  denoising [=====-------------------] 5/25')
  })

  test('disappears for other text, and shows the same again after it', () => {
    const { stream, written, clock, now } = aTerminal()
    const progress = openProgress(stream, { quiet: false, now })
    progress.begin(() => 'cup.jpg')
    progress.update({ phase: 'denoise', step: 0, steps: 4 })
    clock.ms = 10_000
    progress.update({ phase: 'denoise', step: 1, steps: 4 })
    progress.aside(() => stream.write('TEXT\n'))
    const [before = '', after = ''] = written().split('TEXT\n')
    expect(before.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(before.lastIndexOf(HIDE_CURSOR))
    expect(after).toContain('cup.jpg  denoising [======------------------] 1/4 0:30 left')
    progress.end()
  })

  const lastLine = (text: string): string => text.slice(text.lastIndexOf('cup.jpg'))

  test('ignores the first run of a network in its pace', () => {
    const { stream, written, clock, now } = aTerminal()
    const progress = openProgress(stream, { quiet: false, now })
    progress.begin(() => 'cup.jpg')
    const drawnAfter = (ms: number, step: number): string => {
      clock.ms = ms
      progress.update({ phase: 'denoise', step, steps: 10 })
      // Draws the bar at once.
      progress.aside(() => {})
      return lastLine(written())
    }
    drawnAfter(0, 0)
    progress.update({ phase: 'denoise', step: 0, steps: 10, firstRun: true })
    expect(drawnAfter(60_000, 1)).toContain('1/10 ')
    expect(lastLine(written())).not.toContain('left')
    expect(drawnAfter(63_000, 2)).toContain('2/10 0:24 left')
    progress.end()
  })

  test('shows the cursor again at the end', () => {
    const { stream, written, now } = aTerminal()
    const progress = openProgress(stream, { quiet: false, now })
    progress.begin(() => 'cup.jpg')
    progress.update({ phase: 'load', step: 0, steps: 1 })
    expect(written()).toContain(HIDE_CURSOR)
    progress.end()
    expect(written().lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(written().lastIndexOf(HIDE_CURSOR))
  })
})

test('the progress display writes nothing without a terminal or with --quiet', () => {
  for (const { isTTY, quiet } of [
    { isTTY: false, quiet: false },
    { isTTY: true, quiet: true },
  ]) {
    const { stream, written } = aTerminal()
    const progress = openProgress(Object.assign(stream, { isTTY }), { quiet })
    progress.begin(() => 'cup.jpg')
    progress.update({ phase: 'denoise', step: 1, steps: 2 })
    progress.aside(() => {})
    progress.end()
    expect(written()).toBe('')
  }
})

test.each([
  [0.2, '0:01'],
  [59.9, '1:00'],
  [3599, '59:59'],
  [36_061, '10:01:01'],
])('formatDuration prints %d seconds as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test.each([
  ['is unknown before the first pace', 0, { msPerStep: null, sinceMs: 9000 }, ''],
  ['is the number of remaining steps times the pace', 10, { msPerStep: 3000, sinceMs: 0 }, '0:45 left'],
  ['decreases between two steps', 10, { msPerStep: 3000, sinceMs: 2000 }, '0:43 left'],
  ['is at least one second until the phase ends', 24, { msPerStep: 1000, sinceMs: 76000 }, '0:01 left'],
  ['is empty at the end', 25, { msPerStep: 1000, sinceMs: 0 }, ''],
])('the time left %s', (_, step, pace, text) => {
  expect(timeLeft({ step, steps: 25 }, pace)).toBe(text)
})
