import type { Server } from './request-hooks.ts'
import { refusal } from './s3-refusal.ts'
import { writtenObject } from './written-object.ts'

/** Etag of an object as the endpoint answers it, with its quotes; `null`: there is no such object. */
const etagOf = async (server: Server, url: string): Promise<string | null> => {
  const { statusCode, headers } = await server.inject({ method: 'HEAD', url })
  return statusCode === 200 ? String(headers['etag']) : null
}

const bare = (etag: string): string => etag.replaceAll('"', '')

/**
 * Makes the endpoint refuse a write whose condition does not hold, because fauxqs ignores conditions:
 *
 *   If-None-Match: *     PreconditionFailed where there is an object
 *   If-Match: "ETAG"     PreconditionFailed where there is another object, NoSuchKey where there is none
 *
 * Writes of one key follow each other, so that no other write comes between a check and its write.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export const honourConditions = (server: Server): void => {
  const writing = new Map<string, Promise<void>>()
  const ends = new WeakMap<object, () => void>()

  server.addHook('preHandler', async (request, reply) => {
    // A form that cannot be read is refused elsewhere.
    const object = await writtenObject(request).catch(() => null)
    if (object === null) return
    const name = `${object.bucket}/${object.key}`
    while (writing.has(name)) await writing.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    writing.set(name, promise)
    ends.set(request, () => {
      writing.delete(name)
      resolve()
    })
    const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = request.headers
    if (ifNoneMatch === undefined && ifMatch === undefined) return
    const url = `/${object.bucket}/${object.key.split('/').map(encodeURIComponent).join('/')}`
    const etag = await etagOf(server, url)
    if (ifMatch !== undefined && etag === null)
      return reply.code(404).type('application/xml').send(refusal('NoSuchKey', 'there is no such object'))
    const holds = ifMatch === undefined ? etag === null : bare(ifMatch) === bare(etag ?? '')
    if (holds) return
    const reason = 'the condition of the write does not hold'
    return reply.code(412).type('application/xml').send(refusal('PreconditionFailed', reason))
  })
  const end = async (request: object): Promise<void> => ends.get(request)?.()
  server.addHook('onResponse', end)
  server.addHook('onRequestAbort', end)
}
