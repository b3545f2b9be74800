import { type FaultKind, faultKindOf } from '../../shared/aws/fault-kind.ts'
import { safeText } from '../../shared/contracts/shown-value.ts'
import { type Check, type Finding, fail, warn } from './check.ts'

/** Time limit of an answer. */
export const ANSWER_LIMIT_MS = 10_000

export interface AwsProbe {
  readonly name: string
  /** Action that IAM has to allow for the probe, such as `s3:ListBucket`. */
  readonly action: string
  /** Returns a finding that is specific to this probe; `null` for the general one. */
  readonly explain?: (kind: FaultKind, said: string, error: unknown) => Finding | null
  readonly probe: (signal: AbortSignal) => Promise<Finding>
}

/**
 * Ends when the signal does, whatever the work does about it: the SDK looks for credentials without one. Throws the
 * signal's reason.
 */
const endedBy = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
  signal.throwIfAborted()
  const ended = Promise.withResolvers<never>()
  const end = (): void => ended.reject(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([work(), ended.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return safeText(String(error))
  const said = error.message === '' || error.message === 'UnknownError' ? error.name : error.message
  return safeText(said)
}

const GENERAL: Readonly<Record<FaultKind, (said: string, action: string) => Finding>> = {
  'no-credentials': (said) =>
    fail(
      said,
      'sign in (aws configure, aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret',
    ),
  'bad-credentials': (said) =>
    fail(said, 'sign in again; check AWS_PROFILE and the variables AWS_ACCESS_KEY_ID…'),
  'no-region': (said) => fail(said, 'set AWS_REGION, or a region in the profile'),
  unreachable: (said) => fail(`no answer: ${said}`, 'check the network, the region and AWS_ENDPOINT_URL'),
  denied: (said, action) =>
    warn(
      `skipped: no right to ${action} (${said})`,
      `allow ${action}, or run the check with a role that may`,
    ),
  absent: (said) => fail(`not there: ${said}`, 'check its name, the account and the region'),
  elsewhere: (said) => fail(`in another region: ${said}`, 'set AWS_REGION to its region'),
  other: (said) => fail(said, 'see the message'),
}

/** A check that the caller may not make is warned of, and the IAM action named. Throws only when `signal` is aborted. */
export const runAwsCheck = async (
  { name, action, explain, probe }: AwsProbe,
  signal: AbortSignal,
  limitMs: number = ANSWER_LIMIT_MS,
): Promise<Check> => {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  try {
    return { name, ...(await endedBy(limited, () => probe(limited))) }
  } catch (error) {
    signal.throwIfAborted()
    const kind = faultKindOf(error)
    const said = limited.aborted ? `nothing within ${limitMs / 1000} s` : textOf(error)
    return { name, ...(explain?.(kind, said, error) ?? GENERAL[kind](said, action)) }
  }
}
