import type { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'
import { permissionTable, rightsOf } from './permission-table.ts'

const workerRoles = (pipeline: Template): readonly string[] =>
  rightsOf(pipeline)
    .map(({ role }) => role)
    .filter((role, i, all) => /TaskRole|JobRole/.test(role) && all.indexOf(role) === i)

/** Roles whose rights a test of their own compares with the requests of the program. */
const RUN_IN_TESTS = ['BatchJobRole', 'DispatchRole', 'EcsTaskTaskRole', 'IngestRole', 'NotifyRole']
/** Roles of ECS's agent on a machine and as it starts a container. AWS documents which rights they need. */
const RUN_BY_AWS = [
  ...['BatchComputeInstanceRole', 'BatchContainerExecutionRole'],
  ...['EcsMachinesInstanceRole', 'EcsTaskExecutionRole'],
  // EventBridge's, to send events to the webhook.
  'WebhookDestinationEventsRole',
]

describe('the rights of the roles', () => {
  test('are those of permissions.md, action by action and resource by resource', async () => {
    const { pipeline } = synthesize(VARIANTS.webhook)

    await expect(permissionTable(rightsOf(pipeline))).toMatchFileSnapshot('permissions.md')
  })

  test('are tested by a run of their program, except for roles that AWS itself uses', () => {
    const roles = new Set(rightsOf(synthesize(VARIANTS.webhook).pipeline).map(({ role }) => role))

    expect([...roles].toSorted()).toEqual([...RUN_IN_TESTS, ...RUN_BY_AWS].toSorted())
  })

  test('never include all actions of a service', () => {
    const rights = rightsOf(synthesize(VARIANTS.webhook).pipeline)

    expect(rights.filter(({ action }) => action === '*' || action.endsWith(':*'))).toEqual([])
  })

  test('let workers delete no objects and send messages only to the dead-letter queue', () => {
    const { pipeline } = synthesize(VARIANTS.both)

    const roles = workerRoles(pipeline)
    const rights = rightsOf(pipeline).filter(({ role }) => roles.includes(role))

    expect(roles).toHaveLength(2)
    const sends = rights.filter(({ action }) => action === 'sqs:SendMessage')
    expect(sends.map(({ resource }) => resource)).toEqual(['JobsDeadLetters', 'JobsDeadLetters'])
    expect(rights.filter(({ action }) => /Delete(?!Message)/.test(action))).toEqual([])
  })

  test('let workers put a clip only where no object exists', () => {
    const { pipeline } = synthesize(VARIANTS.both)

    for (const role of notEmpty(workerRoles(pipeline))) {
      const puts = rightsOf(pipeline).filter(
        (right) =>
          right.role === role && right.action === 's3:PutObject' && right.resource.endsWith('/jobs/*'),
      )
      expect(puts.map(({ condition }) => condition)).toEqual([
        'Null s3:if-none-match = false',
        // Parts of an upload, which only the request with If-None-Match makes an object.
        'Bool s3:ObjectCreationOperation = false',
      ])
    }
  })

  test('let ingest only read the input bucket', () => {
    const { pipeline } = synthesize()

    const rights = rightsOf(pipeline).filter(({ resource }) => /BucketsInput/.test(resource))

    expect(new Set(rights.map(({ action }) => action))).toEqual(
      new Set(['s3:GetObject', 's3:GetObjectVersion', 's3:ListBucket']),
    )
    expect(rights.every(({ role }) => role.startsWith('Ingest'))).toBe(true)
  })

  test('let ingest delete only cancel markers, results and index entries', () => {
    const deletes = rightsOf(synthesize().pipeline).filter(({ action }) => /Delete(?!Message)/.test(action))

    expect(deletes.map(({ role, resource }) => [role, resource])).toEqual([
      ['IngestRole', 'BucketsOutput/cancel/*'],
      ['IngestRole', 'BucketsOutput/index/cancelled/*'],
      ['IngestRole', 'BucketsOutput/index/partly/*'],
      ['IngestRole', 'BucketsOutput/index/rejected/*'],
      ['IngestRole', 'BucketsOutput/jobs/*/result.json'],
    ])
  })

  test('let notify read records and publish events, but neither read media nor delete objects', () => {
    const rights = rightsOf(synthesize().pipeline).filter(({ role }) => role === 'NotifyRole')
    const ofObjects = rights.filter(({ action }) => action.startsWith('s3:'))

    expect(ofObjects.map(({ action, resource }) => [action, resource]).toSorted()).toEqual([
      ['s3:GetObject', 'BucketsOutput/batches/*'],
      ['s3:GetObject', 'BucketsOutput/jobs/*/result.json'],
      ['s3:GetObject', 'BucketsOutput/orders/*'],
      ['s3:GetObject', 'BucketsOutput/reports/*'],
      ['s3:GetObject', 'BucketsOutput/status/*'],
      ['s3:ListBucket', 'BucketsOutput'],
      ['s3:PutObject', 'BucketsOutput/batches/*'],
    ])
    expect(rights.filter(({ action }) => /^(events|sns|secretsmanager):/.test(action))).toMatchObject([
      { action: 'events:PutEvents', resource: 'EventsBus' },
      { action: 'sns:Publish', resource: 'EventsTopic' },
    ])
  })

  test('let dispatch start only workers of this deployment, and read no message', () => {
    const rights = rightsOf(synthesize(VARIANTS.batch).pipeline).filter(({ role }) => /^Dispatch/.test(role))

    expect(
      rights.filter(({ action }) => action === 'batch:SubmitJob').map(({ resource }) => resource),
    ).toEqual([expect.stringMatching(/^BatchComputeQueue/), expect.stringMatching(/^BatchWorker/)])
    expect(rights.filter(({ action }) => action.startsWith('sqs:')).map(({ action }) => action)).toEqual([
      'sqs:GetQueueAttributes',
    ])
  })
})
