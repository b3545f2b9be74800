import { describe, expect, onTestFinished, test } from 'vitest'
import { openBatchClient, openBatchClientThatTriesOnce } from '../../../shared/aws/batch-client.ts'
import { openBatchJobs } from '../../../shared/aws/batch-jobs.ts'
import { SubmitRefusedError } from '../../../shared/ports/batch-jobs.ts'
import { type Answer, openScriptedEndpoint, type ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const json = (body: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** An error as Batch answers it, with its name in a header. */
const anError = (status: number, name: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
  body: JSON.stringify({ message: 'said Batch' }),
})

const bodyOf = ({ body }: ScriptedRequest) => JSON.parse(body)

/** The adapter to a scripted Batch. */
const aJobQueue = async (answer: (request: ScriptedRequest, place: number) => Answer) => {
  const endpoint = await openScriptedEndpoint(answer)
  const config = {
    ...{ endpoint: endpoint.url, region: 'eu-west-1' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const client = openBatchClient(config)
  const clientThatTriesOnce = openBatchClientThatTriesOnce(config)
  onTestFinished(() => {
    client.destroy()
    clientThatTriesOnce.destroy()
  })
  const options = { client, clientThatTriesOnce, jobQueue: 'workers', jobDefinition: 'worker:3' }
  return { jobs: openBatchJobs(options), requests: endpoint.requests }
}

const aJob = (n: number, more: object = {}) => ({ jobId: `job-${n}`, jobName: `worker-${n}`, ...more })

describe('the list of active Batch jobs', () => {
  test('is read status by status, in the order in which a job passes them', async () => {
    const { jobs, requests } = await aJobQueue(() => json({ jobSummaryList: [] }))

    expect(await jobs.listActive(unaborted)).toEqual([])

    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(5).fill('POST /v1/listjobs'))
    expect(requests.map(bodyOf)).toEqual(
      ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING'].map((jobStatus) => ({
        ...{ jobQueue: 'workers', jobStatus },
      })),
    )
  })

  test('has the jobs of all pages, and once a job that changes its status meanwhile', async () => {
    const { jobs } = await aJobQueue((request) => {
      const { jobStatus, nextToken } = bodyOf(request)
      if (jobStatus === 'RUNNABLE') return json({ jobSummaryList: [aJob(1)] })
      if (jobStatus !== 'RUNNING') return json({ jobSummaryList: [] })
      return nextToken === undefined
        ? json({ jobSummaryList: [aJob(2), aJob(1)], nextToken: 'more' })
        : json({ jobSummaryList: [aJob(3)] })
    })

    expect(await jobs.listActive(unaborted)).toEqual([
      { jobId: 'job-1', name: 'worker-1', isRunning: true },
      { jobId: 'job-2', name: 'worker-2', isRunning: true },
      { jobId: 'job-3', name: 'worker-3', isRunning: true },
    ])
  })
})

describe('descriptions of Batch jobs', () => {
  test('have the states of the jobs and leave out a job that Batch does not return', async () => {
    const { jobs, requests } = await aJobQueue(() =>
      json({
        jobs: [
          aJob(1, { status: 'SUCCEEDED' }),
          aJob(2, {
            ...{ status: 'FAILED', statusReason: 'Essential container in task exited' },
            container: { exitCode: 1 },
          }),
          aJob(3, { status: 'RUNNABLE' }),
        ],
      }),
    )

    const states = await jobs.describe(['job-1', 'job-2', 'job-3', 'job-4'], unaborted)

    const reason = 'Essential container in task exited; exit code 1'
    expect([...states]).toEqual([
      ['job-1', { type: 'succeeded' }],
      ['job-2', { type: 'failed', reason, isReclaimed: false }],
      ['job-3', { type: 'active', isRunning: false }],
    ])
    expect(requests.map(({ url }) => url)).toEqual(['/v1/describejobs'])
    expect(bodyOf(requests[0]!)).toEqual({ jobs: ['job-1', 'job-2', 'job-3', 'job-4'] })
  })

  test('distinguish a job whose instance was reclaimed from a failed job', async () => {
    const reason = 'Host EC2 (instance i-0123456789abcdef0) terminated.'
    const { jobs } = await aJobQueue(() =>
      json({ jobs: [aJob(1, { status: 'FAILED', statusReason: reason })] }),
    )

    expect([...(await jobs.describe(['job-1'], unaborted))]).toEqual([
      ['job-1', { type: 'failed', reason, isReclaimed: true }],
    ])
  })

  test('are requested for a hundred jobs at once', async () => {
    const { jobs, requests } = await aJobQueue(() => json({ jobs: [] }))

    await jobs.describe(
      Array.from({ length: 250 }, (_, n) => `job-${n}`),
      unaborted,
    )

    expect(requests.map((request) => bodyOf(request).jobs.length)).toEqual([100, 100, 50])
  })

  test('are requested again when an answer is lost', async () => {
    const { jobs, requests } = await aJobQueue((_, place) => (place === 0 ? 'lost' : json({ jobs: [] })))

    await jobs.describe(['job-1'], unaborted)

    expect(requests.length).toBe(2)
  })
})

describe('a Batch job', () => {
  test.each([
    ['RUNNING', { type: 'active', isRunning: true }],
    ['SUCCEEDED', { type: 'succeeded' }],
  ])('that is %s is found by its name, with the state %j', async (status, state) => {
    const { jobs, requests } = await aJobQueue(() =>
      json({ jobSummaryList: [aJob(7, { jobName: 'WORKER-1', status }), aJob(1, { status })] }),
    )

    expect(await jobs.find('worker-1', unaborted)).toEqual({ jobId: 'job-1', state })

    expect(bodyOf(requests[0]!)).toEqual({
      jobQueue: 'workers',
      filters: [{ name: 'JOB_NAME', values: ['worker-1'] }],
    })
  })

  test('that Batch does not list is null', async () => {
    const { jobs } = await aJobQueue(() => json({ jobSummaryList: [] }))

    expect(await jobs.find('worker-1', unaborted)).toBe(null)
  })
})

describe('a submission to Batch', () => {
  test('names queue, definition and job, and returns the job id', async () => {
    const { jobs, requests } = await aJobQueue(() => json(aJob(1)))

    expect(await jobs.submit('worker-1', unaborted)).toBe('job-1')

    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /v1/submitjob'])
    expect(bodyOf(requests[0]!)).toEqual({
      ...{ jobName: 'worker-1', jobQueue: 'workers', jobDefinition: 'worker:3' },
    })
  })

  test.each<[string, Answer]>([
    ['an answer that gets lost', 'lost'],
    ['an error of Batch itself', anError(500, 'ServerException')],
  ])('is sent once, and its outcome is unknown, after %s', async (_, answer) => {
    const { jobs, requests } = await aJobQueue(() => answer)

    const error = await jobs.submit('worker-1', unaborted).catch((thrown) => thrown)

    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(SubmitRefusedError)
    expect(requests.length).toBe(1)
  })

  test.each([
    [429, 'TooManyRequestsException', true],
    [400, 'ThrottlingException', true],
    [400, 'ClientException', false],
    [403, 'AccessDeniedException', false],
  ])('that is answered with %i %s is refused; throttled: %s', async (status, name, throttled) => {
    const { jobs, requests } = await aJobQueue(() => anError(status, name))

    const error = await jobs.submit('worker-1', unaborted).catch((thrown) => thrown)

    expect(error).toBeInstanceOf(SubmitRefusedError)
    expect(error).toMatchObject({ throttled, message: `${name}: said Batch` })
    expect(requests.length).toBe(1)
  })

  test('that is aborted fails with the reason of its signal', async () => {
    const stop = new AbortController()
    const { jobs } = await aJobQueue(() => {
      stop.abort(new Error('the time is over'))
      return () => {}
    })

    await expect(jobs.submit('worker-1', stop.signal)).rejects.toThrow('the time is over')
  })
})
