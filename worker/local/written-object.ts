import type { IncomingHttpHeaders } from 'node:http'

/** The parts of a request to the embedded endpoint that name the object it writes. */
export interface S3Request {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  /** Parameters of the path, decoded. `*` is the key; without it, the request is to the bucket. */
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

export interface WrittenObject {
  readonly bucket: string
  readonly key: string
}

/**
 * The key of an object that a form uploads. Throws if the form cannot be read, or has no key.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
const keyOfForm = async (body: Uint8Array<ArrayBuffer>, contentType: string): Promise<string> => {
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
  const [key, file] = [form.get('key'), form.get('file')]
  if (typeof key !== 'string' || key === '') throw new Error('key: is missing in the form; name the object')
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3 replaces this text.
  return key.replaceAll('${filename}', file instanceof File ? file.name : '')
}

/**
 * The object that a request writes if it succeeds; `null`: none.
 *
 *   PUT  /BUCKET/KEY              PutObject, CopyObject
 *   PUT  /BUCKET/KEY?partNumber=  a part: no object yet
 *   POST /BUCKET/KEY?uploadId=    CompleteMultipartUpload
 *   POST /BUCKET                  a form, with the key in a field
 *
 * Throws if the request is a form that cannot be read.
 */
export const writtenObject = async (request: S3Request): Promise<WrittenObject | null> => {
  const { method, headers, body } = request
  const params = (request.params ?? {}) as Readonly<Record<string, string | undefined>>
  const query = (request.query ?? {}) as Readonly<Record<string, unknown>>
  const { bucket, '*': key = '' } = params
  if (bucket === undefined) return null
  const contentType = headers['content-type'] ?? ''
  if (key === '') {
    const isForm = method === 'POST' && contentType.toLowerCase().includes('multipart/form-data')
    if (!isForm) return null
    return { bucket, key: await keyOfForm(new Uint8Array(body as Uint8Array), contentType) }
  }
  const isPart = query['uploadId'] !== undefined && query['partNumber'] !== undefined
  const isWrite =
    (method === 'PUT' && !isPart) ||
    (method === 'POST' && query['uploadId'] !== undefined && query['uploads'] === undefined)
  return isWrite ? { bucket, key } : null
}
