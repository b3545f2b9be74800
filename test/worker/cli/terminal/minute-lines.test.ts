import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { openMinuteLines } from '../../../../worker/cli/terminal/minute-lines.ts'

const aStream = (isTTY: boolean) => {
  let text = ''
  const stream = Object.assign(new PassThrough(), { isTTY })
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return { stream, written: () => text }
}

/** Lines that were written when the caller offers one every twenty seconds, for three minutes. */
const linesOf = ({ isTTY, quiet }: { readonly isTTY: boolean; readonly quiet: boolean }): string => {
  const { stream, written } = aStream(isTTY)
  let seconds = 0
  const lines = openMinuteLines(stream, { quiet, now: () => seconds * 1000 })
  for (; seconds <= 180; seconds += 20) lines(() => `at ${seconds} s`)
  return written()
}

test('a line is written each minute, the first one after a minute', () => {
  expect(linesOf({ isTTY: false, quiet: false })).toBe('at 60 s\nat 120 s\nat 180 s\n')
})

test.each([
  ['on a terminal', { isTTY: true, quiet: false }],
  ['with --quiet', { isTTY: false, quiet: true }],
])('no line is written %s', (_, options) => {
  expect(linesOf(options)).toBe('')
})
