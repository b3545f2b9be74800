import type { AwsAccount } from '../../../shared/ports/aws-account.ts'

/** An account with a quota for a hundred small instances and access to every bucket. */
export const anAccount = (changes: Partial<AwsAccount> = {}): AwsAccount => ({
  region: async () => 'eu-west-1',
  identity: async () => ({ accountId: '123456789012', arn: 'arn:aws:iam::123456789012:user/ada' }),
  ec2Quota: async () => 400,
  seeBucket: async () => {},
  async [Symbol.asyncDispose]() {},
  ...changes,
})
