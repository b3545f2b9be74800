import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { noteChanged } from '../../../shared/job-index/write-entries.ts'
import { openAwsServices } from '../../../worker/aws/aws-services.ts'
import { openModel } from '../../../worker/models/open-model.ts'
import { pushModel } from '../../../worker/models/push-model.ts'
import { aPipeline } from '../../fixtures/rights/a-pipeline.ts'
import { type Acting, actAs } from '../../fixtures/rights/act-as.ts'
import { createTwiceInParts } from '../../fixtures/rights/store-in-parts.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { DEMO_DIR, demoRecord } from '../../worker/models/a-pushed-model.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'
import { fillQueues } from './fill-queues.ts'
import { rightsOf } from './permission-table.ts'
import { unusedRights } from './unused-rights.ts'

const rightsOfRole = (name: string) =>
  rightsOf(synthesize(VARIANTS.kms).pipeline).filter(({ role }) => role === name)
const HOOK_MS = 120_000

const RIGHTS = rightsOfRole('EcsTaskTaskRole')

const SVD = fileURLToPath(new URL('../../../worker/cli/svd.ts', import.meta.url))
describe('a worker with the rights of its role', () => {
  let acting: Acting
  let log: string
  let withoutModel: unknown
  let inParts: unknown
  let expected: Readonly<Record<string, string>>
  const ends: Record<string, unknown> = {}
  const rejected: unknown[] = []

  beforeAll(async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'svd-test-'))
    await using pipeline = await aPipeline()
    await pushModel(DEMO_DIR, await demoRecord(), pipeline.models, {}, unaborted)
    expected = await fillQueues(pipeline)
    acting = await actAs(pipeline.url, {
      rights: RIGHTS,
      answer: () => ({ status: 200, body: '{"protection":{"ProtectionEnabled":true}}' }),
    })
    const environment = {
      ...pipeline.environment(acting.url),
      PATH: process.env['PATH'] ?? '',
      SVD_MODEL: 's3://svd-models/models/demo/',
      SVD_CACHE_DIR: path.join(folder.path, 'cache'),
      SVD_SCRATCH_DIR: path.join(folder.path, 'scratch'),
      SVD_UNTIL_IDLE: '2',
      SVD_QUALITY_CHECKS: 'likeness=fail',
      SVD_PAUSE: '1',
      ECS_AGENT_URI: acting.url,
    }
    const options = { extendEnv: false, env: environment, reject: false, all: true } as const
    log = (await execa(process.execPath, [SVD, 'worker'], options)).all
    await using services = openAwsServices({ ...pipeline.clientConfig, endpoint: acting.url })
    const anyModel = { cacheDir: folder.path, variant: null, openStore: services.openBucket }
    withoutModel = await openModel('s3://svd-models/models/none/', anyModel, unaborted).catch(String)
    const place = { bucket: 'svd-output', key: 'jobs/1/video.mp4' }
    // The worker enters a job as in work after some seconds; here each one has ended by then.
    const [anyJob] = Object.keys(expected)
    await noteChanged(services.openBucket('svd-output'), anyJob!, services.clock.now(), unaborted)
    inParts = await createTwiceInParts(pipeline, acting.url, place).catch(String)
    for (const jobId of Object.keys(expected)) {
      const result = (await storedJson(pipeline.output, resultKey(jobId))) as ResultRecord | null
      ends[jobId] = result?.failure?.class ?? result?.state
      for (const { video, quality } of result?.failure?.rejected ?? []) {
        const head = await pipeline.output.head(video.key, unaborted)
        rejected.push([video.key.split('/')[2], head?.sizeBytes === video.size_bytes, quality.faults])
      }
    }
    await acting[Symbol.asyncDispose]()
  }, HOOK_MS)

  test('is denied only the deletion of its probes, after which it continues', () => {
    const probe = /^EcsTaskTaskRole may not s3:DeleteObject on BucketsOutput\/probes\//

    expect([...acting.refused]).toEqual([expect.stringMatching(probe)])
    expect(log).toContain('"message":"worker stopped"')
  })

  test('completes every job', () => {
    expect(ends).toEqual(expected)
    expect(inParts).toEqual([true, false])
    expect(log).toContain('task protected from scale-in')
  })

  test('keeps a clip that it rejects', () => {
    expect(rejected).toEqual([['rejected', true, [expect.stringMatching(/^likeness: /)]]])
    expect(log).toContain('"message":"clip rejected"')
  })

  test('distinguishes a missing model from a denied read', () => {
    expect(withoutModel).toContain('s3://svd-models/models/none/ has no model.json')
  })

  test('uses every right of its role', () => {
    expect(unusedRights(RIGHTS, acting, [])).toEqual([])
  })

  test('has the same rights in a job of AWS Batch, except for task protection', () => {
    const told = (name: string) => rightsOfRole(name).map(({ role: _, ...right }) => right)

    expect(told('BatchJobRole')).toEqual(
      told('EcsTaskTaskRole').filter(({ action }) => action !== 'ecs:UpdateTaskProtection'),
    )
  })
})
