import { beforeAll, describe, expect, test } from 'vitest'
import { DISPATCH_STATE_KEY, modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
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

/** Rights with which Lambda writes the function's log and traces. */
const USED_BY_LAMBDA = [/^logs:\S+ on DispatchLog$/, /^xray:\S+ on \*$/]

/** Batch's resources by their names in the template. */
const BATCH = {
  SVD_BATCH_JOB_QUEUE: 'BatchComputeQueue',
  SVD_BATCH_JOB_DEFINITION: 'BatchWorker',
  SVD_BATCH_USD_PER_HOUR: '100',
}
const ECS = { SVD_ECS_CLUSTER: 'EcsMachinesCluster', SVD_ECS_SERVICE: 'worker', SVD_ECS_USD_PER_HOUR: '100' }
const LIMITS = { SVD_CLIPS_PER_WORKER: '10', SVD_MAX_WORKERS: '50', SVD_GPUS_PER_MACHINE: '1' }
/** A budget that is reached at once, so that dispatch writes a pause record. */
const BUDGET = { SVD_MAX_USD_PER_DAY: '0' }

/** Answers as a Batch whose jobs have ended at once, and an ECS whose service has no task. */
const answerAsAws = ({ path, headers, body }: WireRequest) => {
  const { jobName, jobs = [] } = JSON.parse(body.toString())
  const action = String(headers['x-amz-target']).split('.')[1]
  const counts = { desiredCount: 0, runningCount: 0, pendingCount: 0 }
  const deployments = [{ id: 'ecs-svc/1', status: 'PRIMARY', ...counts }]
  const answer = {
    '/': action === 'DescribeServices' ? { services: [{ status: 'ACTIVE', ...counts, deployments }] } : {},
    '/v1/submitjob': { jobName, jobId: `id of ${jobName}` },
    '/v1/listjobs': { jobSummaryList: [] },
    '/v1/describejobs': { jobs: jobs.map((jobId: string) => ({ jobId, status: 'SUCCEEDED' })) },
  }[path]
  return { status: 200, body: JSON.stringify(answer) }
}

describe('dispatch with the rights of its role', () => {
  let acting: Acting
  let before: unknown
  let after: unknown

  beforeAll(async () => {
    await using pipeline = await aPipeline()
    const messages = Array.from({ length: 25 }, (_, n) => ({ body: `job ${n}`, groupId: 'images' }))
    await pipeline.jobs.send(messages, unaborted)
    acting = await actAs(pipeline.url, { rights: RIGHTS, answer: answerAsAws })
    const ofModel = { SVD_MODEL_ID: 'svd-xt' }
    const environment = { ...pipeline.environment(acting.url), ...BATCH, ...ECS, ...LIMITS, ...ofModel }
    const event = { id: 'event-1', time: '2026-01-02T03:04:00Z' }
    // The tests check what a failed call leaves. The first call finds no model.
    await runFunction('dispatch', [event], environment).catch(String)
    const json = { contentType: 'application/json' }
    await pipeline.models.put(modelRecordKey('svd-xt'), Buffer.from('{}'), json, unaborted)
    await runFunction('dispatch', [event], environment).catch(String)
    before = await storedJson(pipeline.output, DISPATCH_STATE_KEY)
    await runFunction('dispatch', [event], environment).catch(String)
    after = await storedJson(pipeline.output, DISPATCH_STATE_KEY)
    await runFunction('dispatch', [event], { ...environment, ...BUDGET }).catch(String)
    await acting[Symbol.asyncDispose]()
  }, HOOK_MS)

  test('is denied no request', () => {
    expect([...acting.refused]).toEqual([])
  })

  test('starts a worker, and another one when that has ended', () => {
    const one = { workers: [{ name: expect.any(String) }] }
    expect([before, after]).toMatchObject([one, one])
    expect(after).not.toEqual(before)
  })

  test('uses every right except those that Lambda itself uses', () => {
    expect(unusedRights(RIGHTS, acting, USED_BY_LAMBDA)).toEqual([])
  })
})
