import type { Answer, ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'

const XML = { 'content-type': 'application/xml' }

export const s3Error = (status: number, code: string): Answer => ({
  status,
  headers: XML,
  body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
})

export const written = (etag: string): Answer => ({ status: 200, headers: { etag } })

/** A step of a multipart upload. */
export type UploadStep = 'begin' | 'part' | 'join' | 'give up'

export const uploadStepOf = ({ method, url }: ScriptedRequest): UploadStep => {
  if (method === 'DELETE') return 'give up'
  if (method === 'PUT') return 'part'
  return url.includes('uploads') ? 'begin' : 'join'
}

/** The answer of S3 to a request that succeeds. */
export const uploadAnswer = (request: ScriptedRequest): Answer => {
  const step = uploadStepOf(request)
  if (step === 'begin') {
    const body =
      '<InitiateMultipartUploadResult><UploadId>an-upload</UploadId></InitiateMultipartUploadResult>'
    return { status: 200, headers: XML, body }
  }
  if (step === 'part') return written(`"part-${/partNumber=(\d+)/.exec(request.url)?.[1]}"`)
  if (step === 'give up') return { status: 204 }
  const body = '<CompleteMultipartUploadResult><ETag>&quot;whole&quot;</ETag></CompleteMultipartUploadResult>'
  return { status: 200, headers: XML, body }
}
