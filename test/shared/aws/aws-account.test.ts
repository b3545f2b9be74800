import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { openAwsAccount } from '../../../shared/aws/aws-account.ts'
import { faultKindOf, regionOfBucketFault } from '../../../shared/aws/fault-kind.ts'
import { type Answer, openScriptedEndpoint, type ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { openMoto } from '../ports/open-moto.ts'

const never = new AbortController().signal

const anAccountAt = (endpoint: string) => {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not told' }
  const account = openAwsAccount({ endpoint, region: 'eu-west-1', credentials })
  onTestFinished(() => account[Symbol.asyncDispose]())
  return account
}

const scripted = async (answer: (request: ScriptedRequest) => Answer) => {
  const { url, requests } = await openScriptedEndpoint(answer)
  return { account: anAccountAt(url), requests }
}

const targetOf = ({ headers }: ScriptedRequest): string => String(headers['x-amz-target']).split('.')[1] ?? ''

const aFault = (status: number, name: string): Answer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ __type: name, Message: `${name}, as told` }),
})

const aQuota = (value: number): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ Quota: { ServiceCode: 'ec2', QuotaCode: 'L-1', Value: value } }),
})

const anError = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(() => null).catch((error) => error)

describe('the identity of the AWS caller', () => {
  test('is read from STS', async () => {
    const { account } = await scripted(() => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body:
        '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/ada</Arn>' +
        '<UserId>U</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
    }))
    expect(await account.identity(never)).toEqual({ accountId: '1', arn: 'arn:aws:iam::1:user/ada' })
    expect(await account.region()).toBe('eu-west-1')
  })

  test('is a fault of kind bad-credentials when AWS does not know the credentials', async () => {
    const { account } = await scripted(() => ({
      status: 403,
      headers: { 'content-type': 'text/xml' },
      body: '<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>no such</Message></Error></ErrorResponse>',
    }))
    expect(faultKindOf(await anError(account.identity(never)))).toBe('bad-credentials')
  })
})

describe('an EC2 quota', () => {
  test('is the one that the account has', async () => {
    const { account, requests } = await scripted(() => aQuota(64))
    expect(await account.ec2Quota('L-1', never)).toBe(64)
    expect(requests.map(targetOf)).toEqual(['GetServiceQuota'])
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ ServiceCode: 'ec2', QuotaCode: 'L-1' })
  })

  test('is the default of AWS when the account has no quota of its own', async () => {
    const { account } = await scripted((request) =>
      targetOf(request) === 'GetServiceQuota' ? aFault(400, 'NoSuchResourceException') : aQuota(0),
    )
    expect(await account.ec2Quota('L-1', never)).toBe(0)
  })

  test('is null when AWS knows no quota of that code', async () => {
    const { account } = await scripted(() => aFault(400, 'NoSuchResourceException'))
    expect(await account.ec2Quota('L-1', never)).toBeNull()
  })

  test('is a fault of kind denied without the permission to read it', async () => {
    const { account } = await scripted(() => aFault(400, 'AccessDeniedException'))
    expect(faultKindOf(await anError(account.ec2Quota('L-1', never)))).toBe('denied')
  })
})

describe('a bucket', () => {
  test.each([
    [403, 'denied'],
    [404, 'absent'],
    [301, 'elsewhere'],
  ])('that answers %d is a fault of kind %s', async (status, kind) => {
    const { account } = await scripted(() => ({ status, headers: { 'x-amz-bucket-region': 'us-east-2' } }))
    const error = await anError(account.seeBucket('outputs', never))
    expect(faultKindOf(error)).toBe(kind)
    expect(regionOfBucketFault(error)).toBe('us-east-2')
  })

  test('that exists is found by one HEAD request', async () => {
    const { account, requests } = await scripted(() => ({ status: 200 }))
    await account.seeBucket('outputs', never)
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /outputs/'])
  })
})

test('an endpoint on which no server listens is a fault of kind unreachable', async () => {
  expect(faultKindOf(await anError(anAccountAt('http://127.0.0.1:1').identity(never)))).toBe('unreachable')
})

test('an aborted AWS request fails with the reason of the abort', async () => {
  const controller = new AbortController()
  const { account } = await scripted(() => () => controller.abort(new Error('enough')))
  await expect(account.identity(controller.signal)).rejects.toThrow('enough')
})

const moto = await openMoto()
afterAll(() => moto?.[Symbol.asyncDispose]())

describe.skipIf(moto === null)('an account on moto', () => {
  test('returns its caller, and a fault of kind absent for a missing bucket', async () => {
    const at = await moto?.endpoint?.s3.config.endpoint?.()
    if (at === undefined) throw new Error('moto has no endpoint')
    const account = anAccountAt(`${at.protocol}//${at.hostname}:${at.port}`)
    expect(await account.identity(never)).toMatchObject({ accountId: '123456789012' })
    expect(faultKindOf(await anError(account.seeBucket('gone', never)))).toBe('absent')
  })
})
