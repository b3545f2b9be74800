import type { buildApp } from 'fauxqs'
import { foreignRequestFault } from '../../shared/foreign-request.ts'
import { refusal } from './s3-refusal.ts'
import { type WrittenObject, writtenObject } from './written-object.ts'

/*
 * What the embedded endpoint does with a request, besides what fauxqs does with it.
 */

export type Server = ReturnType<typeof buildApp>

/** Refuses what web pages have a browser send, before any of its body is read. */
export const refuseForeignRequests = (server: Server): void => {
  server.addHook('onRequest', (request, reply, done) => {
    const fault = foreignRequestFault(request.headers)
    if (fault === null) return done()
    // The body stays unread, so the connection is of no further use.
    reply.code(403).header('connection', 'close').type('application/xml').send(refusal('AccessDenied', fault))
  })
}

/** Refuses every request as soon as `findFault` returns an error, because answers would no longer be what is kept. */
export const refuseAfterFault = (server: Server, findFault: () => Error | null): void => {
  server.addHook('onRequest', (_request, reply, done) => {
    const fault = findFault()
    if (fault === null) return done()
    reply.code(503).type('application/xml').send(refusal('ServiceUnavailable', fault.message))
  })
}

export interface WriteWatch<T> {
  /** Called before a request writes its object. What it returns comes back in `onWrite`. Throwing refuses the request. */
  beforeWrite(object: WrittenObject): T
  /** Called when the object has been written, before the client gets the answer. */
  onWrite(object: WrittenObject, before: T): void
}

/**
 * Calls `watch` for each object that a request writes. A form that cannot be read is refused before it writes anything,
 * because its object would get no notification.
 */
export const watchWrites = <T>(server: Server, { beforeWrite, onWrite }: WriteWatch<T>): void => {
  const writing = new WeakMap<object, { readonly object: WrittenObject; readonly before: T }>()
  server.addHook('preHandler', async (request, reply) => {
    const read = await writtenObject(request).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      return { refused: refusal('MalformedPOSTRequest', reason) }
    })
    if (read === null) return
    if ('refused' in read) return reply.code(400).type('application/xml').send(read.refused)
    writing.set(request, { object: read, before: beforeWrite(read) })
  })
  server.addHook('onSend', async (request, reply) => {
    const written = writing.get(request)
    if (written !== undefined && reply.statusCode < 400) onWrite(written.object, written.before)
  })
}

/**
 * Gives the answer to a HEAD request a length where it has none, as that for an object that is not there. Node's client
 * closes the connection after an answer without one, so that the next request would need a new connection.
 */
export const addLengthToHeadAnswers = (server: Server): void => {
  server.addHook('onSend', (request, reply, _payload, done) => {
    if (request.method === 'HEAD' && !reply.hasHeader('content-length')) reply.header('content-length', '0')
    done()
  })
}
