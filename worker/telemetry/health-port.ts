import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { foreignRequestFault } from '../../shared/foreign-request.ts'
import type { WorkerHealth } from './worker-health.ts'

export interface HealthPortOptions {
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string
  /** Port to listen on; 0 for any that is free. */
  readonly port: number
  readonly read: WorkerHealth['read']
}

export interface HealthPort extends AsyncDisposable {
  readonly port: number
}

/** Time limit for receiving a request, in milliseconds. A request has no body. */
const REQUEST_MS = 5_000

const isOwnAddress = (host: string): boolean => ['127.0.0.1', '::1', 'localhost'].includes(host)

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    connection: 'close',
  })
  response.end(`${JSON.stringify(body)}\n`)
}

/**
 * Answers GET /health over HTTP, with 200 or 503 and what the worker does; nothing else is there. On this machine's own
 * address, requests of web pages are refused with 403 (see `foreignRequestFault`); on another one, load balancers ask by
 * any name. It does not keep the process from ending. Throws InvalidInputError if the address cannot be had.
 */
export const openHealthPort = async ({
  host = '127.0.0.1',
  port,
  read,
}: HealthPortOptions): Promise<HealthPort> => {
  const limits = {
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS,
  }
  const server = createServer(limits, (request, response) => {
    request.resume()
    const fault = isOwnAddress(host) ? foreignRequestFault(request.headers) : null
    if (fault !== null) return answer(response, 403, { error: fault })
    if (request.url !== '/health') return answer(response, 404, { error: 'there is only /health' })
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answer(response, 405, { error: 'only GET' })
    }
    const { healthy, health } = read()
    answer(response, healthy ? 200 : 503, health)
  })
  server.unref()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new InvalidInputError(
      'health port',
      `${host}:${port} cannot be listened on (${code}); choose another`,
      {
        cause,
      },
    )
  }
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
