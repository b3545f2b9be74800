import { type FaultKind, faultKindOf, regionOfBucketFault } from '../../shared/aws/fault-kind.ts'

const ADVICE: Readonly<Partial<Record<FaultKind, string>>> = {
  'no-credentials':
    'no AWS credentials; sign in (aws configure, aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  'bad-credentials':
    'AWS does not know these credentials, or they have run out; sign in again, and check AWS_PROFILE and AWS_ACCESS_KEY_ID',
  'no-region': 'no AWS region; set AWS_REGION, or a region in the profile',
  unreachable:
    'no answer; if AWS_ENDPOINT_URL is set, start what listens there (svd local), else check the network and AWS_REGION',
  denied: 'AWS refuses it; allow the action for these credentials, or check the name of the bucket or queue',
  absent: 'there is no such bucket or queue; check its name, the account and AWS_REGION',
  elsewhere: 'the bucket is in another region; set AWS_REGION to it',
}

interface FromSdk {
  readonly $metadata?: unknown
  readonly $fault?: unknown
}

/** Errors of other programs have names and codes like these too; those of the SDK tell of their request. */
const isFromSdk = (error: Error): boolean => {
  const { $metadata, $fault } = error as Error & FromSdk
  return (
    $metadata !== undefined ||
    $fault !== undefined ||
    ['no-credentials', 'no-region'].includes(faultKindOf(error))
  )
}

/**
 * An error of AWS's SDK in a user's terms: what is wrong, the likely fix, and what the SDK said. `null` for any other
 * error.
 */
export const explainAwsError = (error: unknown): string | null => {
  if (!(error instanceof Error) || !isFromSdk(error)) return null
  const advice = ADVICE[faultKindOf(error)]
  if (advice === undefined) return null
  const region = regionOfBucketFault(error)
  const said = error.message === '' || error.message === 'UnknownError' ? error.name : error.message
  return `${advice}${region === null ? '' : `, which is ${region}`} (${said})`
}
