import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import type { RendererProcess } from '../../../worker/renderer/renderer-process.ts'
import { type RunningJob, startJob } from '../../../worker/renderer/running-job.ts'

/** A job in a process that sends no messages by itself, and ends as soon as it is killed. */
const aSilentJob = (limits: {
  readonly stallTimeoutMs?: number
  readonly firstRunAllowanceMs?: number
}): RunningJob<unknown> => {
  const end = { exitCode: null, signal: 'SIGKILL', lastStderr: '' } as const
  const child: RendererProcess = {
    ended: new Promise(() => {}),
    send: () => {},
    kill: () => job.lose(end),
  }
  const job = startJob(child, { id: 0, job: {}, killGraceMs: 1, ...limits }, z.unknown(), () => {})
  job.send()
  return job
}

const step: Progress = { phase: 'denoise', step: 0, steps: 2 }
const firstRun: Progress = { ...step, firstRun: true }

test.each([
  ['after the stall timeout', [step], 2],
  ['in a first run after the stall timeout and the allowance', [step, firstRun], 5],
  ['after the stall timeout if its first run is over', [step, firstRun, step], 2],
])('a job that reports nothing more is ended %s', async (_, signs, limitMs) => {
  const job = aSilentJob({ stallTimeoutMs: 2, firstRunAllowanceMs: 3 })
  for (const progress of signs) job.receive({ type: 'progress', id: 0, progress })
  await expect(job.outcome).rejects.toThrow(`gave no sign for ${limitMs} ms and was killed`)
})

test('progress of another job does not change the timeout of a job', async () => {
  const job = aSilentJob({ stallTimeoutMs: 2, firstRunAllowanceMs: 60_000 })
  job.receive({ type: 'progress', id: 1, progress: firstRun })
  await expect(job.outcome).rejects.toThrow('gave no sign for 2 ms')
})
