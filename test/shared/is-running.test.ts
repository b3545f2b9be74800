import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isRunning } from '../../shared/is-running.ts'

test('this process is running', () => {
  expect(isRunning(process.pid)).toBe(true)
})

test('a process is no longer running after its exit', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(isRunning(child.pid!)).toBe(false)
})

test.skipIf(process.getuid?.() === 0)('a process of another user is running, too', () => {
  expect(isRunning(1)).toBe(true)
})
