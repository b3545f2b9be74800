import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { DISPATCH_STATE_KEY, modelRecordKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { AwsAccount } from '../../../../shared/ports/aws-account.ts'
import type { Check } from '../../../../worker/preflight/check.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { aFleetState, putDispatchState } from '../../client/tracking/a-dispatch.ts'
import { demoRecord } from '../../models/a-pushed-model.ts'
import { DEPLOYMENT, type FakeServicesOptions, fakeServices } from '../fake-services.ts'

const never = new AbortController().signal
const ALL = { ...DEPLOYMENT, SVD_MODELS_BUCKET: 'models', SVD_MODEL_ID: 'demo' }
const anError = (fields: object, message = 'as told') => Object.assign(new Error(message), fields)
const rejecting = (fields: object, message?: string) => () => Promise.reject(anError(fields, message))

const awsSetup = async (options: FakeServicesOptions = {}) => {
  const setup = fakeServices(options)
  const record = await demoRecord()
  const bytes = new TextEncoder().encode(JSON.stringify(record))
  const models = setup.services.openBucket('models')
  await models.put(modelRecordKey(record.model_id), bytes, { contentType: 'application/json' }, never)
  await putDispatchState(setup.services.openBucket('out'), { batch: aFleetState() })
  const examine = async (args: readonly string[] = [], environment: object = ALL) => {
    const { exitCode, stdout } = await setup.run(['doctor', '--aws', '--json', ...args], {
      environment: { ...environment },
    })
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly Check[] }
    expect(exitCode).toBe(ok ? 0 : 1)
    const of = (name: string) => checks.find((check) => check.name === name)
    return { ok, checks, of, names: checks.map(({ name }) => name) }
  }
  return { ...setup, examine, record }
}

const examineWith = async (account: Partial<AwsAccount>, args: readonly string[] = []) =>
  (await awsSetup({ account })).examine(args)

describe('svd doctor --aws', () => {
  test('passes every check on an account that is ready', async () => {
    const { examine, record } = await awsSetup()
    const { ok, checks } = await examine()
    expect(ok).toBe(true)
    expect(checks.map(({ name, status, found }) => [name, status, found])).toEqual([
      [
        ...['credentials', 'ok'],
        'account 123456789012, region eu-west-1, as arn:aws:iam::123456789012:user/ada',
      ],
      [
        ...['quota', 'ok'],
        'Running On-Demand G and VT instances (L-DB2E81BA): 400 vCPUs, room for 100 g6e.xlarge',
      ],
      [
        ...['spot quota', 'ok'],
        'All G and VT Spot Instance Requests (L-3819A6DF): 400 vCPUs, room for 100 g6e.xlarge',
      ],
      ['input', 'ok', 's3://in'],
      ['output', 'ok', 's3://out'],
      ['models', 'ok', 's3://models'],
      ['jobs queue', 'ok', 'memory:jobs: 0 waiting, 0 in flight, 0 delayed; given up after 50 deliveries'],
      ['dead letters', 'ok', 'memory:dead-letters: 0 waiting'],
      ['model', 'ok', `demo, 10 files of 14.9 MB, sha256 ${record.sha256.slice(0, 12)}`],
      ['workers', 'ok', 'AWS Batch: 3 asked for, 1.23 USD today'],
    ])
  })

  test('checks one quota for instance types of one kind in SVD_INSTANCE_TYPES', async () => {
    const { examine } = await awsSetup()
    const { of } = await examine(['--on-demand'], {
      ...{ ...ALL, SVD_INSTANCE_TYPES: 'c7i.xlarge,m7i.xlarge,c7a.xlarge' },
    })
    expect(of('quota')?.found).toBe(
      'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances (L-1216C47A): 400 vCPUs, room for 100 c7i.xlarge',
    )
  })

  test('prefers --instance-type to SVD_INSTANCE_TYPES, and refuses an unknown type in that variable', async () => {
    const { examine, run } = await awsSetup()
    const environment = { ...ALL, SVD_INSTANCE_TYPES: 'c7i.huge' }
    const { of } = await examine(['--on-demand', '--instance-type', 'g6.xlarge'], environment)
    expect(of('quota')?.found).toContain('g6.xlarge')
    const { exitCode, stderr } = await run(['doctor', '--aws'], { environment })
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/SVD_INSTANCE_TYPES: got 'c7i\.huge'; must be of g4dn\.xlarge, /)
  })

  test('checks only the buckets and queues that are specified, and warns of the others', async () => {
    const { examine } = await awsSetup()
    const { ok, names, of } = await examine([], { SVD_OUTPUT_BUCKET: 'out' })
    expect(ok).toBe(true)
    expect(names).toEqual(['credentials', 'quota', 'spot quota', 'output', 'workers', 'deployment'])
    expect(of('deployment')).toMatchObject({
      status: 'warn',
      found:
        'skipped, not specified: --input-bucket, --models-bucket, --jobs-queue-url, ' +
        '--dead-letter-queue-url',
    })
  })

  test('lists the models of the bucket when no model is specified', async () => {
    const { examine } = await awsSetup()
    const { of } = await examine([], { ...ALL, SVD_MODEL_ID: '' })
    expect(of('model')?.found).toMatch(/^demo, 10 files of 14\.9 MB/)
  })
})

describe('the check of credentials', () => {
  test.each<[string, Partial<AwsAccount>, string, string]>([
    [
      'a region',
      { region: rejecting({}, 'Region is missing') },
      'Region is missing',
      'set AWS_REGION, or a region in the profile',
    ],
    [
      'credentials',
      { identity: rejecting({ name: 'CredentialsProviderError' }, 'Could not load credentials') },
      'Could not load credentials',
      'sign in (aws configure, aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret',
    ],
    [
      'credentials that AWS knows',
      { identity: rejecting({ name: 'InvalidClientTokenId' }, 'The security token is invalid') },
      'The security token is invalid',
      'sign in again; check AWS_PROFILE and the variables AWS_ACCESS_KEY_ID…',
    ],
    [
      'an answer from STS',
      { identity: rejecting({ code: 'ENOTFOUND' }, 'getaddrinfo ENOTFOUND') },
      'no answer from STS in eu-west-1: getaddrinfo ENOTFOUND',
      'check that there is a region eu-west-1, the network and AWS_ENDPOINT_URL',
    ],
  ])('fails without %s, and no other check runs', async (_, account, found, fix) => {
    const seeBucket = rejecting({}, 'asked for nothing')
    const { checks } = await examineWith({ ...account, seeBucket })
    expect(checks).toEqual([{ name: 'credentials', status: 'fail', found, fix }])
  })

  test('warns where a custom endpoint has no STS, and the other checks run', async () => {
    const { ok, of } = await examineWith({ identity: rejecting({ $metadata: { httpStatusCode: 404 } }) })
    expect(ok).toBe(true)
    expect(of('credentials')?.status).toBe('warn')
    expect(of('input')?.status).toBe('ok')
  })
})

describe('the check of a quota', () => {
  test('fails for a quota of 0 vCPUs, and prints the command that requests more', async () => {
    const { of } = await examineWith({ ec2Quota: async () => 0 }, ['--workers', '3', '--spot'])
    expect(of('quota')).toBeUndefined()
    expect(of('spot quota')).toEqual({
      ...{ name: 'spot quota', status: 'fail' },
      found: 'All G and VT Spot Instance Requests (L-3819A6DF): 0 vCPUs; one g6e.xlarge has 4',
      fix:
        'ask for 12 vCPUs: aws service-quotas request-service-quota-increase --service-code ec2 ' +
        '--quota-code L-3819A6DF --desired-value 12 --region eu-west-1',
    })
  })

  test('warns when the quota has room for fewer workers than --workers', async () => {
    const { ok, of } = await examineWith({ ec2Quota: async () => 15 }, ['--workers', '4', '--on-demand'])
    expect(ok).toBe(true)
    expect(of('quota')).toMatchObject({
      status: 'warn',
      found: 'Running On-Demand G and VT instances (L-DB2E81BA): 15 vCPUs, room for 3 g6e.xlarge of 4',
      fix: expect.stringContaining('--desired-value 16 '),
    })
  })

  test('reads the quota of each instance family once, and counts whole instances', async () => {
    const codes: string[] = []
    const ec2Quota = async (code: string) => codes.push(code) && 191
    const { checks } = await examineWith({ ec2Quota }, [
      ...['--spot', '--workers', '9', '--instance-type', 'g5.xlarge', 'g6.xlarge', 'p5.48xlarge'],
    ])
    expect(codes).toEqual(['L-3819A6DF', 'L-C4BD4855'])
    expect(checks.filter(({ name }) => name === 'spot quota')).toMatchObject([
      { status: 'ok', found: expect.stringContaining('room for 47 g5.xlarge') },
      { status: 'fail', fix: expect.stringContaining('ask for 384 vCPUs') },
    ])
  })

  test('warns with the IAM action when the caller may not read the quota', async () => {
    const { ok, of } = await examineWith({ ec2Quota: rejecting({ name: 'AccessDeniedException' }) })
    expect(ok).toBe(true)
    expect(of('quota')).toMatchObject({
      status: 'warn',
      found: 'skipped: no right to servicequotas:GetServiceQuota (as told)',
    })
  })

  test('warns when Service Quotas does not know the quota code', async () => {
    const { of } = await examineWith({ ec2Quota: async () => null })
    expect(of('quota')).toMatchObject({
      status: 'warn',
      found: 'Running On-Demand G and VT instances (L-DB2E81BA): Service Quotas knows no such code here',
    })
  })
})

describe('the check of a bucket', () => {
  test.each<[object, string, string, string]>([
    [{ name: 'NotFound' }, 'fail', 's3://in is not there', 'check --input-bucket, account and region'],
    [
      { $metadata: { httpStatusCode: 301 }, $response: { headers: { 'x-amz-bucket-region': 'us-east-2' } } },
      'fail',
      's3://in is in us-east-2',
      'set AWS_REGION=us-east-2',
    ],
    [
      { $metadata: { httpStatusCode: 403 } },
      'warn',
      'skipped: no right to s3:ListBucket on in (as told)',
      'allow s3:ListBucket on in, or run the check with a role that may',
    ],
  ])('reports the S3 error %j with its fix', async (fields, status, found, fix) => {
    const seeBucket = async (name: string) => {
      if (name === 'in') throw anError(fields)
    }
    const { of } = await examineWith({ seeBucket })
    expect(of('input')).toEqual({ name: 'input', status, found, fix })
    expect(of('output')?.status).toBe('ok')
  })

  test('skips the model when the models bucket does not exist', async () => {
    const { names } = await examineWith({ seeBucket: rejecting({ name: 'NotFound' }) })
    expect(names).toContain('models')
    expect(names).not.toContain('model')
  })
})

describe('the check of workers', () => {
  test('fails when workers do not start, with the reason and the time of the next start', async () => {
    const { examine, services } = await awsSetup()
    const fleet = aFleetState({
      ...{ waits: 'back-off', failures: 2, failure: 'exit code 1', proven: false },
      retry_at: '2026-11-24T12:04:00.000Z',
    })
    await putDispatchState(services.openBucket('out'), { ecs: fleet })

    const { ok, of } = await examine()

    expect(ok).toBe(false)
    expect(of('workers')).toEqual({
      ...{ name: 'workers', status: 'fail' },
      found: 'ECS: 2 starts in a row failed (exit code 1); the next is tried at 2026-11-24T12:04:00.000Z',
      fix: 'see the log of the workers; a new deployment or model is tried within a minute',
    })
  })

  test('warns when the budget of the day has stopped the workers', async () => {
    const { examine, services } = await awsSetup()
    const until = '2026-11-25T00:00:00.000Z'
    await putDispatchState(services.openBucket('out'), {
      ...{ batch: aFleetState({ waits: 'budget' }), paused_until: until },
    })

    expect((await examine()).of('workers')).toMatchObject({
      ...{ status: 'warn', fix: 'raise svd:maxUsdPerDay, or wait' },
      found: `AWS Batch: the budget of the day is reached; they start again at ${until}`,
    })
  })

  test('fails when workers did not start before the budget was reached, and suggests no larger budget', async () => {
    const { examine, services } = await awsSetup()
    const failing = { waits: 'budget', failures: 2, failure: 'exit code 1', proven: false } as const
    await putDispatchState(services.openBucket('out'), {
      ...{ batch: aFleetState(failing), paused_until: '2026-11-25T00:00:00.000Z' },
    })

    expect((await examine()).of('workers')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining(
        '2 starts in a row failed (exit code 1); the budget of the day is reached',
      ),
      fix: 'see the log of the workers',
    })
  })

  test('warns when dispatch has not run yet', async () => {
    const { examine, services } = await awsSetup()
    await services.openBucket('out').delete(DISPATCH_STATE_KEY, never)

    expect((await examine()).of('workers')).toMatchObject({
      status: 'warn',
      found: 's3://out/dispatch/state.json is not there: dispatch has not run yet',
    })
  })
})

describe('the check of queues', () => {
  test('warns of waiting dead-letter messages', async () => {
    const { examine, deadLetters } = await awsSetup()
    await deadLetters.send([{ body: '{}', groupId: 'g' }], never)
    expect((await examine()).of('dead letters')).toMatchObject({
      status: 'warn',
      found: 'memory:dead-letters: 1 waiting',
    })
  })

  test('fails when the jobs queue has a maxReceiveCount of 1', async () => {
    const { examine, services } = await awsSetup()
    Object.assign(services, { readQueueSettings: async () => ({ maxReceiveCount: 1 }) })
    expect((await examine()).of('jobs queue')).toMatchObject({ status: 'fail' })
  })

  test('fails when the jobs queue does not exist, and names its option', async () => {
    const { examine, services } = await awsSetup()
    Object.assign(services, { readQueueSettings: rejecting({ name: 'QueueDoesNotExist' }) })
    expect((await examine()).of('jobs queue')).toMatchObject({
      ...{ status: 'fail', found: 'memory:jobs is not there' },
      fix: 'check --jobs-queue-url, account and region',
    })
  })
})

test('svd doctor --aws fails for a model that was not pushed, and lists the pushed models', async () => {
  const { examine } = await awsSetup()
  expect((await examine(['--model-id', 'svd-xt'])).of('model')).toMatchObject({
    status: 'fail',
    found: 's3://models has no model svd-xt; it has demo',
    fix: 'svd models push DIR --bucket models --id svd-xt',
  })
})

describe('svd doctor --aws as a process', () => {
  const SVD = fileURLToPath(new URL('../../../../worker/cli/svd.ts', import.meta.url))
  const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' }

  /** Runs doctor with no AWS setting of the person who runs the tests. */
  const doctor = async (environment: Readonly<Record<string, string>>) => {
    const nowhere = join(await temporaryDir(), 'none')
    return execa(process.execPath, [SVD, 'doctor', '--aws'], {
      ...{ reject: false, extendEnv: false },
      env: {
        ...{ PATH: process.env['PATH'], AWS_CONFIG_FILE: nowhere, AWS_SHARED_CREDENTIALS_FILE: nowhere },
        ...{ AWS_EC2_METADATA_DISABLED: 'true', ...environment },
      },
    })
  }

  test.each([
    [{}, /^fail {2}credentials +Region is missing\n +fix: set AWS_REGION.*$/],
    [
      { AWS_REGION: 'eu-west-1' },
      /^fail {2}credentials +Could not load credentials from any providers\n +fix:.*$/,
    ],
    [
      { ...KEYS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      /^fail {2}credentials +no answer from STS in eu-west-1: connect ECONNREFUSED 127\.0\.0\.1:1\n +fix:.*$/,
    ],
  ])(
    'prints one failed check with its fix, and no secret, in the environment %j',
    async (environment, message) => {
      const { exitCode, stdout, stderr } = await doctor(environment)
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
      expect(stdout).toMatch(message)
      expect(stdout).not.toContain('wJalrXUtnFEMI')
    },
  )
})

test('svd doctor refuses --workers and --jobs-queue-url without --aws', async () => {
  const { exitCode, stderr } = await fakeServices().run([
    'doctor',
    '--workers',
    '4',
    '--jobs-queue-url',
    'jobs',
  ])
  expect(exitCode).toBe(2)
  expect(stderr).toBe('error: --workers, --jobs-queue-url: only goes with --aws\n')
})

test.each([
  [['--workers', '0'], "error: --workers: got '0'; must be a whole number from 1 to 1000000\n"],
  [['--model-id', 'a b'], /^error: --model-id: got 'a b'; must be up to 100 letters/],
  [['--checkpoint', 'svd'], /cannot be used with option '-c, --checkpoint <dir>'/],
  [['--instance-type', 'big'], /argument 'big' is invalid\. Allowed choices are g4dn\.xlarge/],
])('svd doctor --aws refuses %j', async (args, message) => {
  const { run } = fakeServices()
  const { exitCode, stderr } = await run(['doctor', '--aws', ...args])
  expect(exitCode).toBe(2)
  if (typeof message === 'string') expect(stderr).toBe(message)
  else expect(stderr).toMatch(message)
})
