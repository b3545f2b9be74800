import { describe, expect, test } from 'vitest'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aStatus } from '../../../fixtures/job-records.ts'
import { fakeServices, OUTPUTS_ONLY } from '../fake-services.ts'

describe('svd status', () => {
  const QUIET = '2026-11-24T12:14:59.000Z'
  const message = { body: 'x', groupId: 'g' }
  const never = new AbortController().signal

  test('reports a job as lost after a purge of the queue, and prints what to do', async () => {
    const { run, putStatus } = fakeServices()
    await putStatus(aStatus({ sourceKey: 'images/cup.png', state: 'queued', updated_at: QUIET }))
    const { stdout } = await run(['status'])
    expect(stdout).toContain('lost   cup.png')
    expect(stdout).toContain('\n1 lost\n')
    const [job] = JSON.parse((await run(['status', '--json'])).stdout).jobs
    expect(job).toMatchObject({ state: 'lost', message: expect.stringContaining('upload the image') })
  })

  test.each([
    ['a queued message may be its own', async (services) => services.jobs.send([message], never), QUIET],
    [
      'a dead-letter message may be its own',
      async (services) => services.deadLetters.send([message], never),
      QUIET,
    ],
    ['its status was updated 15 minutes ago', async () => {}, '2026-11-24T12:15:00.000Z'],
  ] as const satisfies readonly (readonly [
    string,
    (services: ReturnType<typeof fakeServices>) => Promise<unknown>,
    string,
  ])[])('keeps the recorded state of a job when %s', async (_, change, updated_at) => {
    const services = fakeServices()
    await services.putStatus(aStatus({ state: 'rendering', updated_at }))
    await change(services)
    const { stdout } = await services.run(['status', '--json'])
    expect(JSON.parse(stdout).jobs).toMatchObject([{ state: 'rendering' }])
  })

  test('reports a job as lost after 14 days, the longest retention of SQS, even when messages are queued', async () => {
    const { run, putStatus, jobs } = fakeServices()
    await putStatus(aStatus({ jobId: jobIdLike('a'), updated_at: '2026-11-10T12:29:59.000Z' }))
    await putStatus(aStatus({ jobId: jobIdLike('b'), updated_at: '2026-11-10T12:30:00.000Z' }))
    await jobs.send([message], never)
    expect((await run(['status'])).stdout).toContain('1 queued, 1 lost\n')
    expect((await run(['status'], OUTPUTS_ONLY)).stdout).toContain('1 queued, 1 lost\n')
  })
})
