import { describe, expect, test } from 'vitest'
import { type PipelineEvent, pipelineEventSchema } from '../../../../shared/contracts/pipeline-event.ts'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, aResult, aStatus, someQuality } from '../../../fixtures/job-records.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { fakeServices } from '../fake-services.ts'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const A = jobIdLike('aa')
const B = jobIdLike('bb')

/** Two jobs: `aa` is rendered and succeeds, `bb` waits and then ends as in `second`. */
const aBatch = (second: 'succeeds' | 'fails' = 'succeeds') => {
  const setup = fakeServices({
    async whileAsleep(sleep) {
      if (sleep === 1) await setup.putStatus(rendering(5))
      if (sleep === 2) await setup.putStatus(rendering(6))
      if (sleep === 3) await setup.putResult(aResult({ jobId: A }))
      if (sleep === 4) {
        const end =
          second === 'succeeds' ? aResult : (overrides: object) => aFailure({ reason: 'black' }, overrides)
        await setup.putResult(end({ jobId: B, sourceKey: 'images/cat.png' }))
      }
      if (sleep > 4) throw new Error('watches jobs that are done')
    },
  })
  return setup
}

const rendering = (step: number) =>
  aStatus({ jobId: A, state: 'rendering', attempt: 1, phase: 'denoise', step, steps: 10 })

const never = new AbortController().signal
const MESSAGE = { body: 'x', groupId: 'g' }

const start = async (setup: ReturnType<typeof fakeServices>) => {
  await setup.jobs.send([MESSAGE], never)
  await setup.putStatus(aStatus({ jobId: A }))
  await setup.putStatus(aStatus({ jobId: B, sourceKey: 'images/cat.png' }))
  return setup
}

describe('svd watch', () => {
  test('prints each change once, and ends when all jobs have ended', async () => {
    const { run } = await start(aBatch())
    const { exitCode, stdout, stderr } = await run(['watch', 'aa', 'bb'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines.slice(0, 5)).toEqual([
      '2026-11-24T12:00:00.000Z  aa0000000000  cup.png  queued',
      '2026-11-24T12:00:00.000Z  bb0000000000  cat.png  queued',
      '2026-11-24T12:00:00.000Z  aa0000000000  cup.png  denoise 5/10',
      '2026-11-24T12:00:20.000Z  aa0000000000  cup.png  succeeded',
      '2026-11-24T12:00:20.000Z  bb0000000000  cat.png  succeeded',
    ])
    expect(lines.at(-2)).toBe('2 succeeded')
  })

  test('prints only the end of each of many jobs, and the totals once a minute', async () => {
    const jobIds = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map(jobIdLike)
    const setup = fakeServices({
      async whileAsleep(sleep) {
        const jobId = jobIds[sleep - 1]
        if (jobId === undefined) throw new Error('watches jobs that are done')
        await setup.putResult(sleep === 2 ? aFailure({ reason: 'black' }, { jobId }) : aResult({ jobId }))
      },
    })
    for (const jobId of jobIds)
      await setup.putStatus(aStatus({ jobId, updated_at: '2026-11-24T12:29:00.000Z' }))
    const { stdout, stderr } = await setup.run(['watch', ...jobIds, '--interval', '30'])
    expect(stdout.split('\n').slice(0, 7)).toEqual([
      ...jobIds.map((jobId) =>
        expect.stringMatching(`Z  ${jobId.slice(0, 12)}  cup.png  (succeeded|failed: black)$`),
      ),
      expect.stringMatching(/^JOB /),
    ])
    expect(stderr).toBe(
      [
        '2 of 6 clips done: 4 queued, 1 succeeded, 1 failed; about 2:00 left',
        '4 of 6 clips done: 2 queued, 3 succeeded, 1 failed; about 1:00 left',
        '6 of 6 clips done: 5 succeeded, 1 failed',
        '',
      ].join('\n'),
    )
  })

  test('exits with 1 when a job has failed', async () => {
    const { run } = await start(aBatch('fails'))
    const { exitCode, stdout } = await run(['watch', 'aa', 'bb'])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('cat.png  failed: black\n')
    expect(stdout).toMatch(/\n1 succeeded, 1 failed\n$/)
  })

  test('follows all jobs of a large manifest, and lists only those that did not succeed', async () => {
    const jobIds = Array.from({ length: 210 }, (_, number) => number.toString(16).padStart(32, '0'))
    const last = jobIds.slice(200)
    const setup = fakeServices({
      async whileAsleep(sleep) {
        if (sleep > 20) throw new Error('does not see that they have ended')
        if (sleep !== 1) return
        for (const jobId of last.slice(1)) await setup.putResult(aResult({ jobId }))
        await setup.putResult(aFailure({ reason: 'black' }, { jobId: last[0]! }))
      },
    })
    for (const jobId of jobIds.slice(0, 200)) await setup.putResult(aResult({ jobId }))
    for (const jobId of last) await setup.putStatus(aStatus({ jobId }))
    const job = { item: null, item_id: null, image: 'images/cup.png', videos: [], done_before: false }
    const jobs = jobIds.map((job_id) => ({ ...job, job_id }))
    await setup.putReport(aRejectedReport('manifests/m.json', { state: 'accepted', jobs, faults: [] }))
    const { exitCode, stdout } = await setup.run(['watch', '--manifest', 'm.json'])
    expect(stdout).toMatch(/\n209 succeeded, 1 failed\n$/)
    expect(stdout.match(/^\w{12} +(?:succeeded|failed) /gm)).toEqual([expect.stringContaining('failed')])
    expect(exitCode).toBe(1)
  })

  test('prints how many jobs are beyond --limit', async () => {
    const { run } = await start(aBatch())
    const { stdout, stderr } = await run(['watch', '--limit', '1'])
    expect(stdout).toMatch(/\n1 succeeded\n$/)
    expect(stderr).toBe('1 more are not watched (--limit)\n')
  })

  test('exits with 1 and prints the faults of a rejected upload', async () => {
    const { run, putReport } = fakeServices()
    await putReport(aRejectedReport('images/cup.png'))
    expect(await run(['watch', '--manifest', 'images/cup.png'])).toMatchObject({
      exitCode: 1,
      stdout: 'no jobs\n',
      stderr: 'error: images/cup.png: image: is no image; upload a PNG\n',
    })
  })

  test('prints the warnings of a clip', async () => {
    const quality = { ...someQuality, warnings: ['likeness: low'] }
    const setup = fakeServices({
      async whileAsleep() {
        await setup.putResult(aResult({ jobId: A, outputs: [anOutput(A, 'video', { quality })] }))
      },
    })
    await setup.putStatus(aStatus({ jobId: A }))
    const { exitCode, stdout } = await setup.run(['watch', 'aa'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('cup.png  succeeded: published with warnings: likeness: low\n')
    expect(stdout).toMatch(/\n1 succeeded \(1 with warnings\)\n$/)
  })

  test('watches only jobs that have not ended when no job is given', async () => {
    const setup = await start(aBatch())
    await setup.putResult(aFailure({}, { jobId: jobIdLike('cc') }))
    const { exitCode, stdout } = await setup.run(['watch'])
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain('cc0000000000')
  })

  test('prints "no jobs" when the bucket has none', async () => {
    const { run } = fakeServices()
    expect(await run(['watch'])).toMatchObject({ exitCode: 0, stdout: 'no jobs\n' })
  })

  test('reports a job as lost when its message has been in no queue for a minute, and exits with 1', async () => {
    const setup = fakeServices({
      whileAsleep: (sleep) => {
        if (sleep > 3) throw new Error('watches a job that is lost')
      },
    })
    await setup.putStatus(aStatus({ jobId: A, updated_at: '2026-11-24T12:14:00.000Z' }))
    const { exitCode, stdout } = await setup.run(['watch', 'aa', '--interval', '31'])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('cup.png  lost: its message is in no queue: ')
    expect(stdout).toMatch(/\n1 lost\n$/)
  })

  test('follows a job that it reported as lost while another job runs', async () => {
    const setup = fakeServices({
      async whileAsleep(sleep) {
        if (sleep === 4) await setup.putResult(aResult({ jobId: A }))
        if (sleep === 5) await setup.putResult(aResult({ jobId: B }))
        if (sleep > 5) throw new Error('watches jobs that are done')
      },
    })
    await setup.putStatus(aStatus({ jobId: A, updated_at: '2026-11-24T12:14:00.000Z' }))
    await setup.putStatus(aStatus({ jobId: B, updated_at: '2026-11-24T12:29:00.000Z' }))
    const { exitCode, stdout } = await setup.run(['watch', 'aa', 'bb', '--interval', '31'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('  lost: ')
    expect(stdout).toMatch(/\n2 succeeded\n$/)
  })

  test('keeps a job whose message SQS does not count for a short time', async () => {
    const setup = fakeServices({
      async whileAsleep(sleep) {
        if (sleep === 2) await setup.jobs.send([MESSAGE], never)
        if (sleep === 6) await setup.putResult(aResult({ jobId: A }))
      },
    })
    await setup.putStatus(aStatus({ jobId: A, updated_at: '2026-11-24T12:14:00.000Z' }))
    const { exitCode, stdout } = await setup.run(['watch', 'aa', '--interval', '31'])
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain('lost')
  })

  test('continues without the queues when they do not answer, and prints this once', async () => {
    const setup = aBatch()
    await start(setup)
    const openQueue = () => {
      throw new Error('AccessDenied')
    }
    const services = { ...setup.services, openQueue }
    const { exitCode, stdout, stderr } = await setup.run(['watch', 'aa', 'bb'], { services })
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\n2 succeeded\n$/)
    expect(stderr).toBe(
      'the queues do not answer (AccessDenied), so a job whose message is gone is not noticed\n',
    )
  })

  test('prints below the table of a terminal that the queues do not answer', async () => {
    const setup = await start(aBatch())
    const openQueue = () => {
      throw new Error('AccessDenied')
    }
    const services = { ...setup.services, openQueue }
    const { stderr } = await setup.run(['watch', 'aa', 'bb'], { services, terminal: true })
    const [, below] = stderr.split(SHOW_CURSOR)
    expect(below).toBe(
      'the queues do not answer (AccessDenied), so a job whose message is gone is not noticed\n',
    )
  })

  test('exits with 130 when it is interrupted', async () => {
    const interrupt = new AbortController()
    const setup = fakeServices({ whileAsleep: () => interrupt.abort(new InterruptedError('SIGINT')) })
    await setup.putStatus(aStatus({ jobId: A }))
    expect(await setup.run(['watch'], { signal: interrupt.signal })).toMatchObject({
      exitCode: 130,
      stderr: 'error: stopped by SIGINT\n',
    })
  })
})

test('svd watch --json prints one line for each change of a job', async () => {
  const { run } = await start(aBatch())
  const { stdout } = await run(['watch', 'aa', 'bb', '--json'])
  const jobs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(jobs.map(({ job_id, state, step }) => [job_id.slice(0, 2), state, step])).toEqual([
    ['aa', 'queued', 0],
    ['bb', 'queued', 0],
    ['aa', 'rendering', 5],
    ['aa', 'rendering', 6],
    ['aa', 'succeeded', 0],
    ['bb', 'succeeded', 0],
  ])
  expect(Object.keys(jobs[0])).toContain('videos')
})

describe('svd watch --json of reported jobs', () => {
  const JOB = { item_id: null, image: 'images/cup.png', videos: [], done_before: false }

  const eventsOf = (stdout: string): readonly PipelineEvent[] =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type !== undefined)
      .map((event) => pipelineEventSchema.parse(event))

  const aManifest = async () => {
    const setup = await start(aBatch('fails'))
    await setup.putReport(
      aRejectedReport('manifests/m.json', {
        state: 'accepted',
        jobs: [
          { ...JOB, job_id: A, item: 1 },
          { ...JOB, job_id: A, item: 2 },
          { ...JOB, job_id: B, item: 3 },
        ],
        contexts: [{ item: 2, context: { order: 7 } }],
        faults: [],
      }),
    )
    return setup
  }

  test('prints each request that ends, and then the end of the batch', async () => {
    const { stdout } = await (await aManifest()).run(['watch', '--manifest', 'm.json', '--json'])
    expect(eventsOf(stdout)).toMatchObject([
      { type: 'request.ended', item: 1, job_id: A, state: 'succeeded', context: null },
      { type: 'request.ended', item: 2, job_id: A, state: 'succeeded', context: { order: 7 } },
      { type: 'request.ended', item: 3, job_id: B, state: 'failed', failure: { reason: 'black' } },
      { type: 'batch.ended', requests: 3, jobs: { succeeded: 1, failed: 1, cancelled: 0 } },
    ])
    expect(stdout.trim().split('\n').at(-1)).toContain('"batch.ended"')
  })

  test('prints the request of the upload that ordered a given job', async () => {
    const setup = fakeServices()
    const job = { ...JOB, item: null, job_id: A }
    await setup.putResult(aResult({ jobId: A }))
    const { key } = aResult({ jobId: A }).job.origin
    await setup.putReport(aRejectedReport(key, { state: 'accepted', jobs: [job], faults: [] }))
    const { stdout } = await setup.run(['watch', A, '--json'])
    expect(eventsOf(stdout)).toMatchObject([{ type: 'request.ended', upload: { key }, job_id: A }])
  })

  test('prints the end of a rejected batch without jobs', async () => {
    const setup = fakeServices()
    await setup.putReport(aRejectedReport('manifests/m.json'))
    const { stdout, exitCode } = await setup.run(['watch', '--manifest', 'm.json', '--json'])
    expect(eventsOf(stdout)).toMatchObject([{ type: 'batch.ended', state: 'rejected', requests: 0 }])
    expect(exitCode).toBe(1)
  })
})

describe('svd watch on a terminal', () => {
  test('draws bars and the time left, and prints a table of the ended jobs', async () => {
    const { run } = await start(aBatch())
    const { stdout, stderr } = await run(['watch', 'aa', 'bb'], { terminal: true })
    expect(stderr).toContain('aa0000000000  cup.png                   [=========-----------] denoise 5/10')
    expect(stderr).toContain('bb0000000000  cat.png                   [--------------------] queued')
    // 0.44 of two jobs may have been warm-up; then 0.072 took 2 s.
    expect(stderr).toMatch(/\[====-{16}\] 22% {2}0 of 2 clips done: 1 queued, 1 rendering(?!;)/)
    expect(stderr).toContain(
      '[=====---------------] 25%  0 of 2 clips done: 1 queued, 1 rendering; about 0:42 left',
    )
    expect(stdout).toContain('aa0000000000  succeeded  cup.png')
    expect(stdout).toMatch(/\n2 succeeded\n$/)
  })

  test('shows the cursor again when it is interrupted', async () => {
    const interrupt = new AbortController()
    const setup = fakeServices({ whileAsleep: () => interrupt.abort(new InterruptedError('SIGINT')) })
    await setup.putStatus(aStatus({ jobId: A }))
    const { stderr } = await setup.run(['watch'], { signal: interrupt.signal, terminal: true })
    expect(stderr.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(stderr.lastIndexOf(HIDE_CURSOR))
    expect(stderr).toMatch(/error: stopped by SIGINT\n$/)
  })
})
