import { describe, expect, test } from 'vitest'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, aResult, aStatus, someQuality } from '../../../fixtures/job-records.ts'
import { aRejectedVideo } from '../../jobs/a-rejected-video.ts'
import { DEPLOYMENT, fakeServices, OUTPUTS_ONLY } from '../fake-services.ts'

describe('svd status', () => {
  test('prints one line for each job, the latest change first', async () => {
    const { run, putStatus, putResult, pass } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a1'), sourceKey: 'images/x/cup.png' }))
    pass(60)
    await putStatus(
      aStatus({
        ...{ jobId: jobIdLike('b2'), sourceKey: 'images/cat.jpg', state: 'rendering', attempt: 2 },
        ...{ phase: 'denoise', step: 7, steps: 25, updated_at: '2026-11-24T12:31:50.000Z' },
      }),
    )
    pass(60)
    await putResult(
      aFailure(
        { reason: 'out of\nmemory' },
        {
          ...{ jobId: jobIdLike('c3'), sourceKey: 'images/sky.webp' },
          finished_at: '2026-11-24T12:31:55.000Z',
        },
      ),
    )
    const { exitCode, stdout, stderr } = await run(['status'], OUTPUTS_ONLY)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'JOB           STATE      IMAGE      PROGRESS      ATTEMPT     UPDATED  MESSAGE',
        'c30000000000  failed     sky.webp                       3     5 s ago  out of memory',
        'b20000000000  rendering  cat.jpg    denoise 7/25        2    10 s ago',
        'a10000000000  queued     x/cup.png                         32 min ago',
        '',
        '1 queued, 1 rendering, 1 failed',
        '',
      ].join('\n'),
    )
  })

  test('prints at most --limit jobs, and counts the others', async () => {
    const { run, putStatus, pass } = fakeServices()
    for (const beginning of ['a', 'b', 'c']) {
      await putStatus(aStatus({ jobId: jobIdLike(beginning) }))
      pass(60)
    }
    const { stdout } = await run(['status', '--limit', '1'], OUTPUTS_ONLY)
    expect(stdout).toContain('c00000000000')
    expect(stdout).toContain('1 queued; 2 more (--limit)\n3 jobs: 3 not done\n')
  })

  test('counts all jobs when --limit hides some', async () => {
    const { run, putStatus, putResult } = fakeServices()
    for (const beginning of ['a', 'b', 'c', 'd', 'e']) {
      await putStatus(aStatus({ jobId: jobIdLike(beginning) }))
    }
    await putResult(aResult({ jobId: jobIdLike('a') }))
    await putResult(aResult({ jobId: jobIdLike('b') }))
    await putResult(aFailure({}, { jobId: jobIdLike('c') }))
    const { stdout } = await run(['status', '--limit', '1'], OUTPUTS_ONLY)
    expect(stdout).toMatch(/; 4 more \(--limit\)\n5 jobs: 2 not done, 2 succeeded, 1 failed\n$/)
    expect(JSON.parse((await run(['status', '--json'], OUTPUTS_ONLY)).stdout).totals).toEqual({
      ...{ jobs: 5, not_done: 2, succeeded: 2, failed: 1, cancelled: 0 },
    })
  })

  test.each([
    ['failed', ['c']],
    ['succeeded', ['b', 'a']],
    ['queued', ['d']],
    ['rendering', ['e']],
    ['cancelled', []],
  ])('--state %s prints only the jobs in that state', async (state, expected) => {
    const { run, putStatus, putResult } = fakeServices()
    for (const beginning of ['a', 'b', 'c', 'd']) await putStatus(aStatus({ jobId: jobIdLike(beginning) }))
    await putStatus(aStatus({ jobId: jobIdLike('e'), state: 'rendering' }))
    await putResult(aResult({ jobId: jobIdLike('a') }))
    await putResult(aResult({ jobId: jobIdLike('b'), finished_at: '2026-11-24T12:10:00.000Z' }))
    await putResult(aFailure({}, { jobId: jobIdLike('c') }))
    const { stdout } = await run(['status', '--state', state, '--json'], OUTPUTS_ONLY)
    const { jobs, more_jobs } = JSON.parse(stdout)
    expect(jobs.map((job: { job_id: string }) => job.job_id[0])).toEqual(expected)
    expect(more_jobs).toBe(0)
  })

  test('--state counts the jobs beyond --limit if they have succeeded, but not if they are queued', async () => {
    const { run, putStatus, putResult } = fakeServices()
    for (const beginning of 'abcdef0123') await putStatus(aStatus({ jobId: jobIdLike(beginning) }))
    await putResult(aResult({ jobId: jobIdLike('a') }))
    await putResult(aResult({ jobId: jobIdLike('b') }))
    const lineOf = async (state: string) =>
      (await run(['status', '--state', state, '--limit', '1'], OUTPUTS_ONLY)).stdout.split('\n').at(-3)
    expect(await lineOf('succeeded')).toBe('1 succeeded; 1 more (--limit)')
    expect(await lineOf('queued')).toBe('1 queued; more (--limit)')
  })

  test('prints the parameters in which jobs of one image differ', async () => {
    const { run, putStatus } = fakeServices()
    const jobs = [
      { jobId: jobIdLike('a'), parameters: { seed: 1, fps: 12 } },
      { jobId: jobIdLike('b'), parameters: { seed: 2, fps: 7 } },
      { jobId: jobIdLike('c'), sourceKey: 'images/cat.jpg', parameters: { seed: 3 } },
    ]
    for (const job of jobs) await putStatus(aStatus(job))
    const { stdout } = await run(['status'], OUTPUTS_ONLY)
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'JOB           STATE   IMAGE    DIFFERS IN         UPDATED',
      expect.stringMatching(/^a0+ {2}queued {2}cup\.png {2}fps 12, seed 1/),
      expect.stringMatching(/^b0+ {2}queued {2}cup\.png {2}fps 7, seed 2/),
      expect.stringMatching(/^c0+ {2}queued {2}cat\.jpg +30 min ago/),
    ])
  })

  test('prints the models of ended jobs that differ only in the model', async () => {
    const { run, putResult } = fakeServices()
    for (const [jobId, id] of [
      ['a', 'svd-xt'],
      ['b', 'svd'],
    ] as const) {
      const result = aResult({ jobId: jobIdLike(jobId) })
      const model = { id, sha256: jobId.repeat(64) }
      await putResult({ ...result, job: { ...result.job, model } })
    }
    const { stdout } = await run(['status'], OUTPUTS_ONLY)
    expect(stdout).toMatch(/a0+ .*model svd-xt aaaaaaaa/)
    expect(stdout).toMatch(/b0+ .*model svd bbbbbbbb/)
  })

  test('shortens a long value in its middle, and prints the parameter after it', async () => {
    const { run, putStatus } = fakeServices()
    const sigmas = Array.from({ length: 30 }, (_, index) => 700 - index)
    await putStatus(aStatus({ jobId: jobIdLike('a'), parameters: { sigmas, fit: 'pad' } }))
    const other = [...sigmas.slice(0, -1), 0.5]
    await putStatus(aStatus({ jobId: jobIdLike('b'), parameters: { sigmas: other, fit: 'fill' } }))
    const { stdout } = await run(['status'], OUTPUTS_ONLY)
    expect(stdout).toContain('sigmas 700, 699, 69…3, 672, 671, fit pad')
    expect(stdout).toContain('sigmas 700, 699, 69…3, 672, 0.5, fit fill')
  })

  test('--since prints only the jobs that changed after that time', async () => {
    const { run, putStatus, pass } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a') }))
    pass(3600)
    await putStatus(aStatus({ jobId: jobIdLike('b') }))
    pass(3600)
    const ids = async (since: string) =>
      JSON.parse((await run(['status', '--since', since, '--json'])).stdout).jobs.map(
        (job: { job_id: string }) => job.job_id[0],
      )
    expect(await ids('90m')).toEqual(['b'])
    expect(await ids('2026-11-24T13:00')).toEqual(['b'])
    expect(await ids('2026-11-24')).toEqual(['b', 'a'])
  })

  test('prints the number of queued messages and of dead-letter messages', async () => {
    const { run, deadLetters } = fakeServices()
    await deadLetters.send([{ body: 'x', groupId: 'g' }], new AbortController().signal)
    expect((await run(['status'])).stdout).toBe('no jobs\nqueue: 0 waiting, 0 in work\ndead letters: 1\n')
  })

  test('prints all details of the one job whose id begins with the argument', async () => {
    const { run, putResult } = fakeServices()
    const jobId = await putResult(aResult({ cost_usd: 0.0123 }))
    const { stdout } = await run(['status', jobId.slice(0, 5)])
    expect(stdout).toContain(`job                    ${jobId}\n`)
    expect(stdout).toContain('motion_bucket_id       127\n')
    expect(stdout).toContain(
      `video                  jobs/${jobId}/attempts/0001-9f3c41d07be25a68/video.mp4  14 frames, 5 B\n`,
    )
    expect(stdout).toContain('cost                   $0.01230\n')
    expect(stdout).toContain('likeness               29.7 dB\n')
  })

  test('prints the warnings of clips in the table, in the totals, in the details and with --json', async () => {
    const { run, putResult } = fakeServices()
    const warnings = ['likeness: 11.4 dB', 'seams: 2.1 times']
    const jobId = jobIdLike('a1')
    const output = anOutput(jobId, 'video', { quality: { ...someQuality, warnings } })
    await putResult(aResult({ jobId, outputs: [output] }))
    await putResult(aResult({ jobId: jobIdLike('b2') }))

    const table = (await run(['status'], OUTPUTS_ONLY)).stdout
    expect(table).toContain('published with warnings: likeness: 11.4 dB; seams: 2.1 times\n')
    expect(table).toMatch(/\n2 succeeded \(1 with warnings\)\n$/)
    const details = (await run(['status', 'a1'])).stdout
    expect(details).toContain(
      [
        'quality                no faults, but warnings',
        'warning                likeness: 11.4 dB',
        'warning                seams: 2.1 times',
        '',
      ].join('\n'),
    )
    const { jobs } = JSON.parse((await run(['status', 'a1', '--json'])).stdout)
    expect(jobs).toMatchObject([{ result: { outputs: [{ quality: { faults: [], warnings } }] } }])
  })

  test('prints the rejected clips of a job, and does not list them as videos', async () => {
    const { run, putResult } = fakeServices()
    const rejected = [aRejectedVideo('0001-1111', 'worker-1')]
    await putResult(aFailure({ class: 'quality', rejected }, { jobId: jobIdLike('a1') }))

    expect((await run(['status', 'a1'])).stdout).toContain(
      `rejected               ${rejected[0]?.video.key}  black: frame 0\n`,
    )
    const { jobs } = JSON.parse((await run(['status', 'a1', '--json'])).stdout)
    expect(jobs).toMatchObject([{ videos: [], result: { outputs: [], failure: { rejected } } }])
  })

  test('prefers the result of a job to its status', async () => {
    const { run, putStatus, putResult } = fakeServices()
    const jobId = await putResult(aResult())
    await putStatus(aStatus({ jobId, state: 'rendering', attempt: 1, phase: 'decode' }))
    expect(JSON.parse((await run(['status', '--json'])).stdout).jobs).toMatchObject([
      { job_id: jobId, state: 'succeeded', phase: null },
    ])
  })

  test('prints a job as queued when its status is failed but its result was removed', async () => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ state: 'failed', attempt: 3, message: 'out of memory' }))
    expect(JSON.parse((await run(['status', '--json'], OUTPUTS_ONLY)).stdout).jobs).toMatchObject([
      { state: 'queued', attempt: 0, message: null },
    ])
  })

  test('escapes control characters in the name of an image', async () => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ sourceKey: 'images/\u001b[2Jcup\u202e.png' }))
    const { stdout } = await run(['status'])
    expect(stdout).toContain('\\u001b[2Jcup\\u202e.png')
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toContain('\u202e')
  })
})

test('svd status prints the models that jobs wait for', async () => {
  const { run, putStatus, jobs } = fakeServices()
  await jobs.send([{ body: 'x', groupId: 'g' }], new AbortController().signal)
  const waits_for_model = { id: 'svd-xt', sha256: 'ab'.repeat(32) }
  for (const jobId of ['a', 'b'].map(jobIdLike)) await putStatus(aStatus({ jobId, waits_for_model }))
  await putStatus(aStatus({ jobId: jobIdLike('c'), waits_for_model: { ...waits_for_model, id: 'svd' } }))
  const { stdout } = await run(['status'])
  expect(stdout).toContain('2 wait for a worker with the model svd-xt (abababababab)\n')
  expect(stdout).toContain('1 waits for a worker with the model svd (abababababab)\n')
})

describe('svd status --json', () => {
  test('prints these keys', async () => {
    const { run, putResult, putStatus, jobs } = fakeServices()
    const done = aResult({ sourceKey: 'images/done.png' })
    await putStatus(aStatus({ sourceKey: 'images/queued.png', parameters: { num_videos_per_prompt: 2 } }))
    await putResult(done)
    await jobs.send([{ body: 'x', groupId: 'g' }], new AbortController().signal)
    const report = JSON.parse((await run(['status', '--json'])).stdout)
    expect(Object.keys(report)).toEqual([
      ...['jobs', 'more_jobs', 'totals', 'queue', 'dead_letters', 'workers', 'report', 'uploads'],
    ])
    expect(report.queue).toEqual({ visible: 1, in_flight: 0, delayed: 0 })
    const byImage = (image: string) => report.jobs.find((job: { image: string }) => job.image === image)
    expect(Object.keys(byImage('images/done.png'))).toEqual([
      ...['job_id', 'state', 'attempt', 'phase', 'step', 'steps', 'message', 'waits_for_model', 'image'],
      ...['parameters', 'size', 'origin', 'videos', 'submitted_at', 'updated_at', 'result'],
    ])
    expect(byImage('images/done.png').result).toEqual(done)
    const queued = byImage('images/queued.png')
    expect(queued).toMatchObject({ state: 'queued', result: null })
    expect(queued.videos).toEqual([])
    expect(byImage('images/done.png').videos).toEqual(done.outputs.map(({ video }) => video.key))
  })

  test('prints null for queues that are not given', async () => {
    const { run } = fakeServices()
    const { stdout } = await run(['status', '--json'], OUTPUTS_ONLY)
    expect(JSON.parse(stdout)).toEqual({
      ...{ jobs: [], more_jobs: 0, queue: null, dead_letters: null, workers: null, report: null },
      totals: { jobs: 0, not_done: 0, succeeded: 0, failed: 0, cancelled: 0 },
      uploads: { rejected: 0, partly: 0, more: false, newest: null },
    })
  })
})

test('svd status names the key of a record that this version cannot read', async () => {
  const { run, putFile, outputs } = fakeServices()
  await putFile(outputs, `status/${jobIdLike('a')}.json`, '{"version":2}')
  expect(await run(['status', 'a'], { environment: DEPLOYMENT })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(
      `s3://out/status/${jobIdLike('a')}.json: is not a record that this version reads`,
    ),
  })
})
