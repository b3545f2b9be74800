/*
 * What is asked about an AWS account before anything runs in it. Adapter: shared/aws/aws-account.ts. Errors are the
 * adapter's own; `faultKindOf` (shared/aws/fault-kind.ts) tells what they mean.
 */

export interface AwsIdentity {
  readonly accountId: string
  /** ARN of the user or role. */
  readonly arn: string
}

/** A call whose signal is aborted throws the signal's reason. */
export interface AwsAccount extends AsyncDisposable {
  /** Throws where none is set. */
  region(): Promise<string>
  identity(signal: AbortSignal): Promise<AwsIdentity>
  /** One of EC2's limits, by Service Quotas' code; null: there is none of that code in this region. */
  ec2Quota(code: string, signal: AbortSignal): Promise<number | null>
  /** Throws where the bucket is not there, may not be seen or is elsewhere. */
  seeBucket(name: string, signal: AbortSignal): Promise<void>
}
