import { describe, expect, test } from 'vitest'
import { aFleetState, putDispatchState } from '../../client/tracking/a-dispatch.ts'
import { aFailure, anOutput, aResult, aStatus, jobIdLike, someQuality } from '../../client/tracking/a-job.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { aRejectedVideo } from '../../jobs/a-rejected-video.ts'
import { DEPLOYMENT, fakeServices } from '../fake-services.ts'

const OUTPUTS_ONLY = { environment: { SVD_OUTPUT_BUCKET: 'out' } }

describe('svd status', () => {
  test('tells of each job in a line, the newest change first', async () => {
    const { run, putStatus, putResult, pass } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a1'), picture: 'images/x/cup.png' }))
    pass(60)
    await putStatus(
      aStatus({
        ...{ jobId: jobIdLike('b2'), picture: 'images/cat.jpg', state: 'rendering', attempt: 2 },
        ...{ phase: 'denoise', step: 7, steps: 25, updated_at: '2026-11-24T12:31:50.000Z' },
      }),
    )
    pass(60)
    await putResult(
      aFailure(
        { reason: 'out of\nmemory' },
        {
          ...{ jobId: jobIdLike('c3'), picture: 'images/sky.webp' },
          finished_at: '2026-11-24T12:31:55.000Z',
        },
      ),
    )
    const { exitCode, stdout, stderr } = await run(['status'], OUTPUTS_ONLY)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'JOB           STATE      PICTURE    PROGRESS      ATTEMPT     UPDATED  MESSAGE',
        'c30000000000  failed     sky.webp                       3     5 s ago  out of memory',
        'b20000000000  rendering  cat.jpg    denoise 7/25        2    10 s ago',
        'a10000000000  queued     x/cup.png                         32 min ago',
        '',
        '1 queued, 1 rendering, 1 failed',
        '',
      ].join('\n'),
    )
  })

  test('tells no more than the limit, and how many are left', async () => {
    const { run, putStatus, pass } = fakeServices()
    for (const beginning of ['a', 'b', 'c']) {
      await putStatus(aStatus({ jobId: jobIdLike(beginning) }))
      pass(60)
    }
    const { stdout } = await run(['status', '--limit', '1'], OUTPUTS_ONLY)
    expect(stdout).toContain('c00000000000')
    expect(stdout).toContain('1 queued; 2 more (--limit)\n3 jobs: 3 not done\n')
  })

  test('counts all jobs where it shows some', async () => {
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
  ])('tells of those that are %s', async (state, expected) => {
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

  test('tells that there are more in a state, of which nobody counts those that are not done', async () => {
    const { run, putStatus, putResult } = fakeServices()
    for (const beginning of 'abcdef0123') await putStatus(aStatus({ jobId: jobIdLike(beginning) }))
    await putResult(aResult({ jobId: jobIdLike('a') }))
    await putResult(aResult({ jobId: jobIdLike('b') }))
    const lineOf = async (state: string) =>
      (await run(['status', '--state', state, '--limit', '1'], OUTPUTS_ONLY)).stdout.split('\n').at(-3)
    expect(await lineOf('succeeded')).toBe('1 succeeded; 1 more (--limit)')
    expect(await lineOf('queued')).toBe('1 queued; more (--limit)')
  })

  test('tells what differs between jobs of one picture', async () => {
    const { run, putStatus } = fakeServices()
    const jobs = [
      { jobId: jobIdLike('a'), parameters: { seed: 1, fps: 12 } },
      { jobId: jobIdLike('b'), parameters: { seed: 2, fps: 7 } },
      { jobId: jobIdLike('c'), picture: 'images/cat.jpg', parameters: { seed: 3 } },
    ]
    for (const job of jobs) await putStatus(aStatus(job))
    const { stdout } = await run(['status'], OUTPUTS_ONLY)
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'JOB           STATE   PICTURE  DIFFERS IN         UPDATED',
      expect.stringMatching(/^a0+ {2}queued {2}cup\.png {2}fps 12, seed 1/),
      expect.stringMatching(/^b0+ {2}queued {2}cup\.png {2}fps 7, seed 2/),
      expect.stringMatching(/^c0+ {2}queued {2}cat\.jpg +30 min ago/),
    ])
  })

  test('tells the models of jobs that differ in nothing else, once they have ended', async () => {
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

  test('shows both ends of long values, and what follows them', async () => {
    const { run, putStatus } = fakeServices()
    const sigmas = Array.from({ length: 30 }, (_, index) => 700 - index)
    await putStatus(aStatus({ jobId: jobIdLike('a'), parameters: { sigmas, fit: 'pad' } }))
    const other = [...sigmas.slice(0, -1), 0.5]
    await putStatus(aStatus({ jobId: jobIdLike('b'), parameters: { sigmas: other, fit: 'fill' } }))
    const { stdout } = await run(['status'], OUTPUTS_ONLY)
    expect(stdout).toContain('sigmas 700, 699, 69…3, 672, 671, fit pad')
    expect(stdout).toContain('sigmas 700, 699, 69…3, 672, 0.5, fit fill')
  })

  test('tells of those that changed since', async () => {
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

  test('tells how many messages wait', async () => {
    const { run, deadLetters } = fakeServices()
    await deadLetters.send([{ body: 'x', groupId: 'g' }], new AbortController().signal)
    expect((await run(['status'])).stdout).toBe('no jobs\nqueue: 0 waiting, 0 in work\ndead letters: 1\n')
  })

  test('tells all of one job that is named by the beginning of its id', async () => {
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

  test('tells the warnings of clips: of each job, of all, and one by one', async () => {
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

  test('names what was rejected of one job, and counts it as no video', async () => {
    const { run, putResult } = fakeServices()
    const rejected = [aRejectedVideo('0001-1111', 'worker-1')]
    await putResult(aFailure({ class: 'quality', rejected }, { jobId: jobIdLike('a1') }))

    expect((await run(['status', 'a1'])).stdout).toContain(
      `rejected               ${rejected[0]?.video.key}  black: frame 0\n`,
    )
    const { jobs } = JSON.parse((await run(['status', 'a1', '--json'])).stdout)
    expect(jobs).toMatchObject([{ videos: [], result: { outputs: [], failure: { rejected } } }])
  })

  test('believes the result rather than the status', async () => {
    const { run, putStatus, putResult } = fakeServices()
    const jobId = await putResult(aResult())
    await putStatus(aStatus({ jobId, state: 'rendering', attempt: 1, phase: 'decode' }))
    expect(JSON.parse((await run(['status', '--json'])).stdout).jobs).toMatchObject([
      { job_id: jobId, state: 'succeeded', phase: null },
    ])
  })

  test('knows a job whose result was taken away to be waiting again', async () => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ state: 'failed', attempt: 3, message: 'out of memory' }))
    expect(JSON.parse((await run(['status', '--json'], OUTPUTS_ONLY)).stdout).jobs).toMatchObject([
      { state: 'queued', attempt: 0, message: null },
    ])
  })

  test('shows nothing of a hostile name that a terminal would obey', async () => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ picture: 'images/\u001b[2Jcup\u202e.png' }))
    const { stdout } = await run(['status'])
    expect(stdout).toContain('\\u001b[2Jcup\\u202e.png')
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toContain('\u202e')
  })
})

describe('svd status of a job whose message is gone', () => {
  const QUIET = '2026-11-24T12:14:59.000Z'
  const message = { body: 'x', groupId: 'g' }
  const never = new AbortController().signal

  test('says so after a purge of the queue, and what to do', async () => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ picture: 'images/cup.png', state: 'queued', updated_at: QUIET }))
    const { stdout } = await run(['status'])
    expect(stdout).toContain('lost   cup.png')
    expect(stdout).toContain('\n1 lost\n')
    const [job] = JSON.parse((await run(['status', '--json'])).stdout).jobs
    expect(job).toMatchObject({ state: 'lost', message: expect.stringContaining('drop the picture') })
  })

  test.each([
    [
      'there is a message that may be its own',
      async (services) => services.jobs.send([message], never),
      QUIET,
    ],
    ['a dead letter may be its own', async (services) => services.deadLetters.send([message], never), QUIET],
    ['it was written about lately', async () => {}, '2026-11-24T12:15:00.000Z'],
  ] as const satisfies readonly (readonly [
    string,
    (services: ReturnType<typeof fakeServices>) => Promise<unknown>,
    string,
  ])[])('says what the status says where %s', async (_, change, updated_at) => {
    const services = fakeServices()
    await services.putStatus(aStatus({ state: 'rendering', updated_at }))
    await change(services)
    const { stdout } = await services.run(['status', '--json'])
    expect(JSON.parse(stdout).jobs).toMatchObject([{ state: 'rendering' }])
  })

  test('knows it to be lost after the longest time for which SQS keeps a message, whatever else is there', async () => {
    const { run, putStatus, jobs } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a'), updated_at: '2026-11-10T12:29:59.000Z' }))
    await putStatus(aStatus({ jobId: jobIdLike('b'), updated_at: '2026-11-10T12:30:00.000Z' }))
    await jobs.send([message], never)
    expect((await run(['status'])).stdout).toContain('1 queued, 1 lost\n')
    expect((await run(['status'], OUTPUTS_ONLY)).stdout).toContain('1 queued, 1 lost\n')
  })
})

test('svd status names the models that jobs wait for', async () => {
  const { run, putStatus, jobs } = fakeServices()
  await jobs.send([{ body: 'x', groupId: 'g' }], new AbortController().signal)
  const waits_for_model = { id: 'svd-xt', sha256: 'ab'.repeat(32) }
  for (const jobId of ['a', 'b'].map(jobIdLike)) await putStatus(aStatus({ jobId, waits_for_model }))
  await putStatus(aStatus({ jobId: jobIdLike('c'), waits_for_model: { ...waits_for_model, id: 'svd' } }))
  const { stdout } = await run(['status'])
  expect(stdout).toContain('2 wait for a worker with the model svd-xt (abababababab)\n')
  expect(stdout).toContain('1 waits for a worker with the model svd (abababababab)\n')
})

describe('svd status of uploads that were rejected', () => {
  test('names one outside of both folders so that no manifest of that name is meant', async () => {
    const { run, putReport } = fakeServices()
    const accepted = { state: 'accepted' as const, faults: [] }
    await putReport(aRejectedReport('motion.json', { reported_at: '2026-11-24T12:01:00.000Z' }))
    await putReport(aRejectedReport('manifests/motion.json', accepted))
    const exact = 's3://in/motion.json'
    expect((await run(['status'])).stdout).toContain(`for the last: svd status --manifest '${exact}'\n`)
    expect((await run(['status', '--manifest', exact])).exitCode).toBe(1)
    expect((await run(['status', '--manifest', 'motion.json'])).exitCode).toBe(0)
    expect((await run(['status', '--manifest', 's3://other/motion.json'])).stderr).toContain(
      "--manifest: got 's3://other/motion.json'; uploads of this pipeline are in the bucket in",
    )
  })

  test('finds an upload whose key has another Unicode form than what was typed', async () => {
    const { run, putReport } = fakeServices()
    await putReport(aRejectedReport('images/cafe\u0301.png'))
    expect((await run(['status', '--manifest', 'images/caf\u00e9.png'])).stderr).toContain('is no image')
  })

  const KEY = 'manifests/motion.json'

  test('ends with how many there are, and how to see why', async () => {
    const { run, putReport, pass } = fakeServices()
    await putReport(aRejectedReport(KEY, { state: 'partly' }))
    await putReport(aRejectedReport('images/cup.png', { state: 'accepted', faults: [] }))
    pass(60)
    await putReport(aRejectedReport("images/it's.png", { reported_at: '2026-11-24T12:31:00.000Z' }))
    const { exitCode, stdout } = await run(['status'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^no jobs\nqueue: .*\ndead letters: 0\nuploads: /)
    expect(stdout).toContain(
      "\nuploads: 1 rejected, 1 in part; for the last: svd status --manifest 'images/it'\\''s.png'\n",
    )
    expect((await run(['status', '--since', '30s'], OUTPUTS_ONLY)).stdout).toContain(
      'uploads: 1 rejected, 0 in part;',
    )
    const { uploads } = JSON.parse((await run(['status', '--json'])).stdout)
    expect(uploads).toEqual({ rejected: 1, partly: 1, more: false, newest: "images/it's.png" })
  })

  test('prints the faults of the upload that is named, beside its jobs, and exits 1', async () => {
    const { run, putReport, putStatus } = fakeServices()
    const jobId = await putStatus(aStatus({ jobId: jobIdLike('a1') }))
    const fault = {
      item: 2,
      line: 3,
      item_id: null,
      field: 'items[1].image',
      message: 'is missing; name one',
    }
    const job = {
      job_id: jobId,
      item: 1,
      item_id: null,
      image: 'images/cup.png',
      videos: [],
      done_before: false,
    }
    const report = aRejectedReport(KEY, { state: 'partly', jobs: [job], faults: [fault], more_faults: 4 })
    await putReport(report)

    const { exitCode, stdout, stderr } = await run(['status', '--manifest', 'motion.json'], OUTPUTS_ONLY)
    expect(stdout).toMatch(/a10000000000 .*\n\n1 queued\n$/s)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `error: ${KEY}: line 3, items[1].image: is missing; name one\nerror: ${KEY}: 4 more faults\n`,
    })
    const json = await run(['status', '--manifest', KEY, '--json'])
    expect(json).toMatchObject({ exitCode: 1, stderr: '' })
    expect(JSON.parse(json.stdout)).toMatchObject({ jobs: [{ job_id: jobId }], report, uploads: null })
  })

  test('prints the jobs that a later sidecar superseded, a line each', async () => {
    const { run, putReport } = fakeServices()
    const outcomes = ['cancelled', 'done', 'kept', 'pending'] as const
    const superseded = outcomes.map((outcome, index) => ({ job_id: jobIdLike(`b${index}`), outcome }))
    await putReport(aRejectedReport('images/cup.png', { superseded }))
    const { stdout } = await run(['status', '--manifest', 'images/cup.png'], OUTPUTS_ONLY)
    expect(stdout.split('\n')).toEqual([
      'no jobs',
      `${jobIdLike('b0')}  superseded by a later upload: asked to stop`,
      `${jobIdLike('b1')}  superseded by a later upload: had ended before, and keeps its result`,
      `${jobIdLike('b2')}  superseded by a later upload: goes on, because another upload orders it`,
      `${jobIdLike('b3')}  superseded by a later upload: ingest has not decided yet what becomes of it`,
      '',
    ])
  })

  test('finds an upload outside images/ and manifests/ by its key', async () => {
    const { run, putReport } = fakeServices()
    await putReport(aRejectedReport('holiday/cup.png'))
    expect(await run(['status', '--manifest', 'holiday/cup.png'], OUTPUTS_ONLY)).toMatchObject({
      exitCode: 1,
      stdout: 'no jobs\n',
      stderr: 'error: holiday/cup.png: image: is no image; upload a PNG\n',
    })
  })
})

describe('workers that do not start', () => {
  const aDeployment = async () => {
    const { run, services } = fakeServices()
    await putDispatchState(services.openBucket('out'), {
      batch: aFleetState({
        ...{ waits: 'back-off', failures: 3, failure: 'exit code 1', asked: 0 },
        retry_at: '2026-11-24T12:04:00.000Z',
      }),
      ecs: aFleetState(),
      spend_day: '2026-01-01',
    })
    return run
  }

  test('are told of in a line, with the reason and the next try', async () => {
    const run = await aDeployment()
    const { exitCode, stdout } = await run(['status'], OUTPUTS_ONLY)

    expect(exitCode).toBe(0)
    expect(stdout.split('\n').filter((line) => line.startsWith('workers'))).toEqual([
      'workers of AWS Batch: 3 starts in a row failed (exit code 1); the next is tried at 2026-11-24T12:04:00.000Z',
    ])
  })

  test('are an object for programs, beside those that do', async () => {
    const run = await aDeployment()
    const { stdout } = await run(['status', '--json'], OUTPUTS_ONLY)

    expect(JSON.parse(stdout).workers).toEqual([
      {
        ...{ fleet: 'batch', asked: 0, usd_today: 0, waits: 'back-off', failures: 3, failure: 'exit code 1' },
        retry_at: '2026-11-24T12:04:00.000Z',
      },
      {
        ...{ fleet: 'ecs', asked: 3, usd_today: 0, waits: null, failures: 0, failure: null },
        retry_at: null,
      },
    ])
  })
})

describe('svd status --json', () => {
  test('has these keys', async () => {
    const { run, putResult, putStatus, jobs } = fakeServices()
    const done = aResult({ picture: 'images/done.png' })
    await putStatus(aStatus({ picture: 'images/queued.png', parameters: { num_videos_per_prompt: 2 } }))
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

  test('says nothing of queues that it was not told of', async () => {
    const { run } = fakeServices()
    const { stdout } = await run(['status', '--json'], OUTPUTS_ONLY)
    expect(JSON.parse(stdout)).toEqual({
      ...{ jobs: [], more_jobs: 0, queue: null, dead_letters: null, workers: null, report: null },
      totals: { jobs: 0, not_done: 0, succeeded: 0, failed: 0, cancelled: 0 },
      uploads: { rejected: 0, partly: 0, more: false, newest: null },
    })
  })
})

describe('a job', () => {
  test.each([
    ['xyz', 'xyz: is no job id; those are up to 32 digits and letters from a to f'],
    ['ffff', 'ffff: no job in s3://out has an id that begins with it'],
    ['a', `a: begins the ids of several jobs: ${jobIdLike('a1')}, ${jobIdLike('a2')}; give more of it`],
  ])('cannot be called %s', async (typed, message) => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a1') }))
    await putStatus(aStatus({ jobId: jobIdLike('a2') }))
    expect(await run(['status', typed])).toMatchObject({ exitCode: 2, stderr: `error: ${message}\n` })
  })

  test('is found by its folder alone', async () => {
    const { run, putResult } = fakeServices()
    await putResult(aResult({ jobId: jobIdLike('abcd') }))
    expect((await run(['status', 'ABC'])).stdout).toContain(jobIdLike('abcd'))
  })

  test('of a manifest is found by that, in its order', async () => {
    const { run, putStatus, putReport } = fakeServices()
    for (const id of ['a', 'b', 'c']) await putStatus(aStatus({ jobId: jobIdLike(id) }))
    await putReport({
      version: 1,
      bucket: 'in',
      key: 'manifests/motion.json',
      version_id: null,
      etag: '"e"',
      sequencer: null,
      state: 'accepted',
      jobs: ['c', 'a'].map((id, index) => ({
        ...{ job_id: jobIdLike(id), item: index + 1, item_id: null, image: 'images/cup.png' },
        ...{ videos: [], done_before: false },
      })),
      superseded: [],
      faults: [],
      more_faults: 0,
      reported_at: '2026-11-24T12:00:00.000Z',
    })
    const ids = async (key: string) =>
      JSON.parse((await run(['status', '--manifest', key, '--json'])).stdout).jobs.map(
        (job: { job_id: string }) => job.job_id[0],
      )
    expect(await ids('manifests/motion.json')).toEqual(['c', 'a'])
    expect(await ids('motion.json')).toEqual(['c', 'a'])
    expect(await run(['status', '--manifest', 'other.json'])).toMatchObject({
      exitCode: 2,
      stderr:
        "error: --manifest: got 'other.json'; there is no s3://out/reports/manifests/other.json.json: " +
        'check the key, or wait if it was dropped just now\n',
    })
  })

  test.each([
    [['a1', '--since', '1h'], 'job: give ids, --manifest, --since or --state, and not several of them'],
    [['--limit', '0'], "--limit: got '0'; must be a whole number from 1 to 100000"],
    [
      ['--since', 'monday'],
      "--since: got 'monday'; must be a time such as 90s, 15m, 2h or 3d, or a date such as 2026-11-24 or 2026-11-24T18:00",
    ],
  ])('is not chosen by %j', async (args, message) => {
    const { run } = fakeServices()
    expect(await run(['status', ...args])).toMatchObject({ exitCode: 2, stderr: `error: ${message}\n` })
  })
})

test('a record that is none of ours is told by its address', async () => {
  const { run, putFile, outputs } = fakeServices()
  await putFile(outputs, `status/${jobIdLike('a')}.json`, '{"version":2}')
  expect(await run(['status', 'a'], { environment: DEPLOYMENT })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(
      `s3://out/status/${jobIdLike('a')}.json: is not a record that this version reads`,
    ),
  })
})
