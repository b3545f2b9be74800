import { describe, expect, test } from 'vitest'
import { faultKindOf, regionOfBucketFault } from '../../../shared/aws/fault-kind.ts'

const anError = (fields: object, message = 'no') => Object.assign(new Error(message), fields)

describe('an error of the AWS SDK', () => {
  test.each([
    [anError({ name: 'CredentialsProviderError' }), 'no-credentials'],
    [anError({ name: 'InvalidClientTokenId', $metadata: { httpStatusCode: 403 } }), 'bad-credentials'],
    [anError({ name: 'ExpiredTokenException', $metadata: { httpStatusCode: 400 } }), 'bad-credentials'],
    [anError({}, 'Region is missing'), 'no-region'],
    [anError({}, 'Region not accepted: region="" is not a valid hostname component.'), 'no-region'],
    [anError({ code: 'ECONNREFUSED' }, 'connect ECONNREFUSED'), 'unreachable'],
    [anError({ code: 'ENOTFOUND' }), 'unreachable'],
    [new DOMException('too late', 'TimeoutError'), 'unreachable'],
    [anError({ name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } }), 'denied'],
    [anError({ name: '403', $metadata: { httpStatusCode: 403 } }), 'denied'],
    [anError({ name: 'NotFound', $metadata: { httpStatusCode: 404 } }), 'absent'],
    [anError({ name: 'QueueDoesNotExist', $metadata: { httpStatusCode: 400 } }), 'absent'],
    [anError({ name: '301', $metadata: { httpStatusCode: 301 } }), 'elsewhere'],
    [anError({ name: 'InternalError', $metadata: { httpStatusCode: 500 } }), 'other'],
    ['a text', 'other'],
  ])('that reads "%s" is a fault of kind %s', (error, kind) => {
    expect(faultKindOf(error)).toBe(kind)
  })

  test('has the region of a bucket if S3 returned it', () => {
    const response = { headers: { 'x-amz-bucket-region': 'eu-west-1' } }
    expect(regionOfBucketFault(anError({ $response: response }))).toBe('eu-west-1')
    expect(regionOfBucketFault(anError({ $response: { headers: {} } }))).toBeNull()
    expect(regionOfBucketFault(anError({}))).toBeNull()
  })
})
