import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isRunning } from '../../shared/is-running.ts'

test('isRunning is true for this process', () => {
  expect(isRunning(process.pid)).toBe(true)
})

test('isRunning is false for a process that has exited', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(isRunning(child.pid!)).toBe(false)
})

test.skipIf(process.getuid?.() === 0)('isRunning is true for a process of another user', () => {
  expect(isRunning(1)).toBe(true)
})
