import { describe, expect, test } from 'vitest'
import { checkIdentity, checkVcpuQuota, type FleetToCheck } from '../../../worker/preflight/account-checks.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anAccount } from './an-account.ts'

const rejecting = (fields: object) => () => Promise.reject(Object.assign(new Error('as told'), fields))

describe('the check of the credentials', () => {
  test('reports the account, the region and the ARN of the caller', async () => {
    expect(await checkIdentity(anAccount(), unaborted)).toEqual({
      ...{ name: 'credentials', status: 'ok', fix: null },
      found: 'account 123456789012, region eu-west-1, as arn:aws:iam::123456789012:user/ada',
    })
  })

  test.each([
    ['is not found', { name: 'NotFound' }],
    ['does not implement the call', { name: 'NotImplemented' }],
  ])('is a warning when the STS endpoint %s', async (_, fields) => {
    expect(await checkIdentity(anAccount({ identity: rejecting(fields) }), unaborted)).toEqual({
      ...{ name: 'credentials', status: 'warn', found: 'not STS that answers: as told' },
      fix: 'check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS',
    })
  })

  test('names the region when STS does not answer', async () => {
    const account = anAccount({ region: async () => 'eu-wst-1', identity: rejecting({ code: 'ENOTFOUND' }) })
    expect(await checkIdentity(account, unaborted)).toEqual({
      ...{ name: 'credentials', status: 'fail', found: 'no answer from STS in eu-wst-1: as told' },
      fix: 'check that there is a region eu-wst-1, the network and AWS_ENDPOINT_URL',
    })
  })
})

describe('the check of a quota', () => {
  const FLEET: FleetToCheck = { instanceType: 'g5.xlarge', purchase: 'onDemand', instances: 3 }

  const checkWith = (vcpus: number | null, fleet: Partial<FleetToCheck> = {}) =>
    checkVcpuQuota(anAccount({ ec2Quota: async () => vcpus }), { ...FLEET, ...fleet }, unaborted)

  test.each([
    [12, 'ok', '12 vCPUs, room for 3 g5.xlarge'],
    [11.9, 'warn', '11.9 vCPUs, room for 2 g5.xlarge of 3'],
    [4, 'warn', '4 vCPUs, room for 1 g5.xlarge of 3'],
    [3, 'fail', '3 vCPUs; one g5.xlarge has 4'],
  ])('of %d vCPUs has status %s for 3 instances of 4 vCPUs each', async (vcpus, status, found) => {
    expect(await checkWith(vcpus)).toEqual({
      ...{ name: 'quota', status, found: `Running On-Demand G and VT instances (L-DB2E81BA): ${found}` },
      fix:
        status === 'ok'
          ? null
          : 'ask for 12 vCPUs: aws service-quotas request-service-quota-increase --service-code ec2 ' +
            '--quota-code L-DB2E81BA --desired-value 12 --region eu-west-1',
    })
  })

  test('asks for the quota code of the instance family and the purchase option', async () => {
    const codes: string[] = []
    const account = anAccount({ ec2Quota: async (code) => codes.push(code) && 1_000 })
    const names: string[] = []
    for (const purchase of ['onDemand', 'spot'] as const) {
      for (const instanceType of ['c7i.xlarge', 'g5.xlarge', 'p5.48xlarge'] as const) {
        names.push((await checkVcpuQuota(account, { instanceType, purchase, instances: 1 }, unaborted)).name)
      }
    }
    expect(codes).toEqual([
      ...['L-1216C47A', 'L-DB2E81BA', 'L-417A185B'],
      ...['L-34B43A08', 'L-3819A6DF', 'L-C4BD4855'],
    ])
    expect(names).toEqual(['quota', 'quota', 'quota', 'spot quota', 'spot quota', 'spot quota'])
  })

  test.each([
    ['has no Service Quotas', { name: 'NotFound' }],
    ['does not have this quota', { name: 'NoSuchResourceException' }],
  ])('is a warning when an emulator %s', async (_, fields) => {
    expect(await checkVcpuQuota(anAccount({ ec2Quota: rejecting(fields) }), FLEET, unaborted)).toEqual({
      ...{ name: 'quota', status: 'warn' },
      found: 'Running On-Demand G and VT instances (L-DB2E81BA): not Service Quotas that answers: as told',
      fix: 'see L-DB2E81BA in the console of Service Quotas',
    })
  })
})
