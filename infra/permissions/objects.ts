import { Stack } from 'aws-cdk-lib'
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import { acknowledge } from '../acknowledge.ts'

/*
 * Rights to objects, by their places in shared/contracts/bucket-layout.ts. CDK's own grants say `s3:GetObject*`; these say
 * what is called.
 */

/** `a/` is all below it; `a/b.json` is that object. */
const under = (bucket: IBucket, places: readonly string[]): string[] =>
  places.map((place) => bucket.arnForObjects(place.endsWith('/') ? `${place}*` : place))

export const mayRead = (
  bucket: IBucket,
  places: readonly string[],
  actions = ['s3:GetObject'],
): PolicyStatement => new PolicyStatement({ actions, resources: under(bucket, places) })

/** Whatever was there. */
export const mayWrite = (bucket: IBucket, places: readonly string[]): PolicyStatement =>
  new PolicyStatement({ actions: ['s3:PutObject'], resources: under(bucket, places) })

/** Only where nothing is: the request must carry If-None-Match. */
export const mayCreate = (bucket: IBucket, places: readonly string[]): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: under(bucket, places),
    conditions: { Null: { 's3:if-none-match': 'false' } },
  })

export const mayDelete = (bucket: IBucket, places: readonly string[]): PolicyStatement =>
  new PolicyStatement({ actions: ['s3:DeleteObject'], resources: under(bucket, places) })

/**
 * Creates objects with tags, which lifecycle rules look for. S3 asks for this right beside `s3:PutObject`, for a request
 * with `x-amz-tagging`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export const mayTag = (bucket: IBucket, places: readonly string[]): PolicyStatement =>
  new PolicyStatement({ actions: ['s3:PutObjectTagging'], resources: under(bucket, places) })

/** Takes the parts away of an object that is not to be, after all. */
export const mayGiveUpParts = (bucket: IBucket, places: readonly string[]): PolicyStatement =>
  new PolicyStatement({ actions: ['s3:AbortMultipartUpload'], resources: under(bucket, places) })

/**
 * The same of what is larger than PART_BYTES of shared/aws/s3-multipart.ts and comes in parts: these carry none, and
 * nothing can be seen of them before the request that joins them, which does.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
export const mayCreateInParts = (bucket: IBucket, places: readonly string[]): readonly PolicyStatement[] => [
  mayCreate(bucket, places),
  new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: under(bucket, places),
    conditions: { Bool: { 's3:ObjectCreationOperation': 'false' } },
  }),
  mayGiveUpParts(bucket, places),
]

/**
 * Gives a role its rights, of which some are to objects of `buckets`. cdk-nag finds every `images/*` of them; these are
 * as narrow as they can be: keys below them are users' names and hashes. It calls a bucket of another stack by the name
 * of that stack's export.
 */
export const giveRights = (
  role: IRole,
  statements: readonly PolicyStatement[],
  buckets: readonly IBucket[],
): void => {
  for (const statement of statements) role.addToPrincipalPolicy(statement)
  const resources = new Set(statements.flatMap((statement) => statement.resources))
  for (const bucket of buckets) {
    const prefixes = [...resources].filter(
      (resource) => resource.startsWith(`${bucket.bucketArn}/`) && resource.includes('*'),
    )
    if (prefixes.length === 0) continue
    const stack = Stack.of(bucket)
    const exported = stack.resolve(stack.exportValue(bucket.bucketArn))['Fn::ImportValue']
    for (const prefix of prefixes) {
      const finding = `AwsSolutions-IAM5[Resource::${exported}${prefix.slice(bucket.bucketArn.length)}]`
      acknowledge(role, {
        [finding]: 'One prefix of one bucket; what is below it has no names that are known before.',
      })
    }
  }
}

/** Without it S3 answers 403 where nothing is, and not 404. */
export const mayTellWhatIsMissing = (...buckets: readonly IBucket[]): PolicyStatement =>
  new PolicyStatement({ actions: ['s3:ListBucket'], resources: buckets.map(({ bucketArn }) => bucketArn) })

/** For objects and messages under a KMS key. */
export const mayUseKey = (key: IKey | null): readonly PolicyStatement[] =>
  key === null
    ? []
    : [new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key.keyArn] })]
