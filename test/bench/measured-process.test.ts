import { execaSync } from 'execa'
import { describe, expect, test } from 'vitest'
import { runMeasured } from './measured-process.ts'

const PYTHON = process.env['SVD_PYTHON'] ?? 'python3'
const hasPython = !execaSync(PYTHON, ['--version'], { reject: false }).failed

/** Starts itself `depth` times, one in the other. Each allocates 100 MB. The last one works for half a CPU second. */
const NESTED = `
const block = Buffer.alloc(1e8, 1)
const depth = Number(process.argv[1])
if (depth > 0) require('node:child_process').spawnSync(process.execPath, ['-e', process.env.PROGRAM, depth - 1])
else while (process.cpuUsage().user + process.cpuUsage().system < 5e5 || performance.now() < 1000);
console.log(block.length)
`
const nested = (depth: number) =>
  runMeasured([process.execPath, '-e', NESTED, String(depth)], { python: PYTHON, env: { PROGRAM: NESTED } })

describe.skipIf(!hasPython)('a measured process', () => {
  test('returns the stdout of its command', async () => {
    expect((await nested(0)).stdout).toBe('100000000')
  })

  test('counts CPU time and memory of its child processes too', async () => {
    const { wallSeconds, cpuSeconds, maxProcessBytes, peakBytes } = await nested(1)
    expect(wallSeconds).toBeGreaterThan(1)
    expect(cpuSeconds).toBeGreaterThan(0.5)
    expect(maxProcessBytes).toBeGreaterThan(1e8)
    expect(peakBytes).toBeGreaterThan(1.5 * maxProcessBytes)
  })

  test('rejects with the exit code and the stderr of a command that fails', async () => {
    const failing = runMeasured([process.execPath, '-e', 'console.error("no"); process.exit(3)'], {
      python: PYTHON,
    })
    await expect(failing).rejects.toMatchObject({ exitCode: 3, stderr: 'no' })
  })
})
