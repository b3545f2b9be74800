/**
 *     no-credentials   no credentials are configured
 *     bad-credentials  AWS does not know them, or they have run out
 *     no-region        no region is configured
 *     unreachable      no answer
 *     denied           known, and not allowed
 *     absent           what the request names does not exist
 *     elsewhere        it is in another region
 *     other            any other error: its message has to explain it
 */
export type FaultKind =
  | 'no-credentials'
  | 'bad-credentials'
  | 'no-region'
  | 'unreachable'
  | 'denied'
  | 'absent'
  | 'elsewhere'
  | 'other'

const BY_NAME: Readonly<Record<string, FaultKind>> = {
  CredentialsProviderError: 'no-credentials',
  TokenProviderError: 'no-credentials',
  InvalidClientTokenId: 'bad-credentials',
  InvalidAccessKeyId: 'bad-credentials',
  SignatureDoesNotMatch: 'bad-credentials',
  UnrecognizedClientException: 'bad-credentials',
  InvalidSignatureException: 'bad-credentials',
  ExpiredToken: 'bad-credentials',
  ExpiredTokenException: 'bad-credentials',
  InvalidToken: 'bad-credentials',
  InvalidIdentityToken: 'bad-credentials',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  NoSuchBucket: 'absent',
  NotFound: 'absent',
  QueueDoesNotExist: 'absent',
  'AWS.SimpleQueueService.NonExistentQueue': 'absent',
  PermanentRedirect: 'elsewhere',
  TimeoutError: 'unreachable',
}

/** Answers to HEAD have no body, and so no name. */
const BY_STATUS: Readonly<Record<number, FaultKind>> = { 301: 'elsewhere', 403: 'denied', 404: 'absent' }

const NETWORK_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['ETIMEDOUT', 'EPIPE', 'EPROTO', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
])

/** None, or one that is empty. */
const NO_REGION = /^Region is missing|region=""/

interface SdkError extends Error {
  /** Node's code of a connection that failed. */
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

/** Classifies an error of any of the SDK's clients, or of a wait that a time limit ended. */
export const faultKindOf = (error: unknown): FaultKind => {
  if (!(error instanceof Error)) return 'other'
  const { name, message, code = '', $metadata }: SdkError = error
  const named = BY_NAME[name]
  if (named !== undefined) return named
  if (NO_REGION.test(message)) return 'no-region'
  if (NETWORK_CODES.has(code)) return 'unreachable'
  return BY_STATUS[$metadata?.httpStatusCode ?? 0] ?? 'other'
}

/** Region of the bucket as S3's answer states it; `null` if the answer states none. */
export const regionOfBucketFault = (error: unknown): string | null => {
  if (!(error instanceof Error)) return null
  const { $response }: SdkError = error
  return $response?.headers?.['x-amz-bucket-region'] ?? null
}
