import { type MachineTypeName, machineTypeOf } from '../../shared/fleet/machine-types.ts'
import { VCPU_QUOTAS } from '../../shared/fleet/quotas.ts'
import type { AwsAccount } from '../../shared/ports/aws-account.ts'
import { runAwsCheck } from './aws-check.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const CHECK_ENDPOINT = 'check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS'

/** Checks the credentials, and reports the account, region and ARN of the caller. It never prints a key or a token. */
export const checkIdentity = (account: AwsAccount, signal: AbortSignal): Promise<Check> => {
  let region = ''
  return runAwsCheck(
    {
      name: 'credentials',
      action: 'sts:GetCallerIdentity',
      explain(kind, said) {
        if (kind === 'unreachable') {
          const fix = `check that there is a region ${region}, the network and AWS_ENDPOINT_URL`
          return fail(`no answer from STS in ${region}: ${said}`, fix)
        }
        // An endpoint of one's own may do without: what else it has is worth a look.
        return kind === 'absent' || kind === 'other'
          ? warn(`not STS that answers: ${said}`, CHECK_ENDPOINT)
          : null
      },
      async probe(within) {
        region = await account.region()
        const { accountId, arn } = await account.identity(within)
        return ok(`account ${accountId}, region ${region}, as ${arn}`)
      },
    },
    signal,
  )
}

export interface FleetToCheck {
  readonly instanceType: MachineTypeName
  readonly purchase: 'onDemand' | 'spot'
  /** Most instances at once. */
  readonly instances: number
}

const increaseOf = (code: string, vcpus: number, region: string): string =>
  `ask for ${vcpus} vCPUs: aws service-quotas request-service-quota-increase --service-code ec2 ` +
  `--quota-code ${code} --desired-value ${vcpus} --region ${region}`

/** Checks how many instances the account may have at once. */
export const checkVcpuQuota = (
  account: AwsAccount,
  { instanceType, purchase, instances }: FleetToCheck,
  signal: AbortSignal,
): Promise<Check> => {
  const { quotaFamily, vcpus } = machineTypeOf(instanceType)
  const { code, name } = VCPU_QUOTAS[quotaFamily][purchase]
  const unknown = (said: string): Finding =>
    warn(`${name} (${code}): ${said}`, `see ${code} in the console of Service Quotas`)
  return runAwsCheck(
    {
      name: purchase === 'spot' ? 'spot quota' : 'quota',
      action: 'servicequotas:GetServiceQuota',
      // Emulators have no such service, or not these limits.
      explain: (kind, said) =>
        kind === 'other' || kind === 'absent' ? unknown(`not Service Quotas that answers: ${said}`) : null,
      async probe(within) {
        const limit = await account.ec2Quota(code, within)
        if (limit === null) return unknown('Service Quotas knows no such code here')
        const fits = Math.floor(limit / vcpus)
        const found = `${name} (${code}): ${limit} vCPUs`
        const fix = async () => increaseOf(code, instances * vcpus, await account.region())
        if (fits === 0) return fail(`${found}; one ${instanceType} has ${vcpus}`, await fix())
        const room = `${found}, room for ${fits} ${instanceType}`
        return fits < instances ? warn(`${room} of ${instances}`, await fix()) : ok(room)
      },
    },
    signal,
  )
}
