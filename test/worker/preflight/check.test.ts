import { expect, test } from 'vitest'
import {
  assertFit,
  type Check,
  fail,
  formatCheck,
  ok,
  runCheck,
  warn,
} from '../../../worker/preflight/check.ts'

const DISK: Check = { name: 'disk', ...fail('2 GB free', 'free some space') }

test('a check whose probe throws fails with the message of the error and its own fix', async () => {
  const failing = (reason: unknown) => () => Promise.reject(reason)
  expect(await runCheck('queue', 'check the URL', failing(new Error('ENOTFOUND')))).toEqual({
    ...{ name: 'queue', status: 'fail', found: 'ENOTFOUND', fix: 'check the URL' },
  })
  expect(await runCheck('queue', 'check the URL', failing('text'))).toMatchObject({ found: 'text' })
})

test('a check returns the finding of its probe with the fix of that finding', async () => {
  expect(await runCheck('disk', 'unused', () => warn('2 GB free', 'free some space'))).toEqual({
    ...{ name: 'disk', status: 'warn', found: '2 GB free', fix: 'free some space' },
  })
})

test('a check is printed as one line, with its fix on a second line below the finding', () => {
  expect(formatCheck({ name: 'disk', ...ok('90 GB free') })).toBe('ok    disk          90 GB free')
  const [first = '', second = ''] = formatCheck(DISK).split('\n')
  expect([first, second]).toEqual([
    'fail  disk          2 GB free',
    '                    fix: free some space',
  ])
  expect(second.indexOf('fix')).toBe(first.indexOf('2 GB'))
})

test('a machine with warnings may take jobs, and an error names all failed checks', () => {
  const warning: Check = { name: 'driver', ...warn('old', 'update it') }
  expect(() => assertFit([warning])).not.toThrow()
  const queue: Check = { name: 'queue', ...fail('ENOTFOUND', 'check the URL') }
  expect(() => assertFit([DISK, warning, queue])).toThrow(
    `this machine cannot take jobs:\n${formatCheck(DISK)}\n${formatCheck(queue)}`,
  )
})
