import { beforeAll, describe, expect, test } from 'vitest'
import { DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import { aPipeline } from '../../fixtures/rights/a-pipeline.ts'
import { type Acting, actAs } from '../../fixtures/rights/act-as.ts'
import type { WireRequest } from '../../fixtures/rights/guarded-endpoint.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'
import { rightsOf } from './permission-table.ts'
import { runFunction } from './run-function.ts'
import { unusedRights } from './unused-rights.ts'

const HOOK_MS = 120_000

const RIGHTS = rightsOf(synthesize(VARIANTS.kms).pipeline).filter(({ role }) => role === 'DispatchRole')

/** To write its log and its traces. */
const USED_BY_LAMBDA = [/^logs:\S+ on DispatchLog$/, /^xray:\S+ on \*$/]

/** As the template calls them. */
const BATCH = { SVD_BATCH_JOB_QUEUE: 'BatchComputeQueue', SVD_BATCH_JOB_DEFINITION: 'BatchWorker' }
const LIMITS = { SVD_CLIPS_PER_WORKER: '10', SVD_MAX_WORKERS: '50' }

/** A Batch whose jobs are over at once. */
const answerAsBatch = ({ path, body }: WireRequest) => {
  const { jobName, jobs = [] } = JSON.parse(body.toString())
  const answer = {
    '/v1/submitjob': { jobName, jobId: `id of ${jobName}` },
    '/v1/listjobs': { jobSummaryList: [] },
    '/v1/describejobs': { jobs: jobs.map((jobId: string) => ({ jobId, status: 'SUCCEEDED' })) },
  }[path]
  return { status: 200, body: JSON.stringify(answer) }
}

describe('with the rights of its role, dispatch', () => {
  let acting: Acting
  let before: unknown
  let after: unknown

  beforeAll(async () => {
    await using pipeline = await aPipeline()
    const messages = Array.from({ length: 25 }, (_, n) => ({ body: `job ${n}`, groupId: 'images' }))
    await pipeline.jobs.send(messages, unaborted)
    acting = await actAs(pipeline.url, { rights: RIGHTS, answer: answerAsBatch })
    const environment = { ...pipeline.environment(acting.url), ...BATCH, ...LIMITS }
    const event = { id: 'event-1', time: '2026-01-02T03:04:00Z' }
    // What it fails of is seen in what it leaves.
    await runFunction('dispatch', [event], environment).catch(String)
    before = await storedJson(pipeline.output, DISPATCH_STATE_KEY)
    await runFunction('dispatch', [event], environment).catch(String)
    after = await storedJson(pipeline.output, DISPATCH_STATE_KEY)
    await acting[Symbol.asyncDispose]()
  }, HOOK_MS)

  test('is refused nothing', () => {
    expect([...acting.refused]).toEqual([])
  })

  test('starts workers, and others when these have ended', () => {
    const three = { workers: Array(3).fill({ name: expect.any(String) }) }
    expect([before, after]).toMatchObject([three, three])
    expect(after).not.toEqual(before)
  })

  test('uses all of them but those that Lambda uses in its name', () => {
    expect(unusedRights(RIGHTS, acting, USED_BY_LAMBDA)).toEqual([])
  })
})
