import { execa } from 'execa'
import type { Implementation } from './implementation.ts'
import { openEndpoint } from './open-endpoint.ts'

const LISTENING = /Running on (http:\/\/127\.0\.0\.1:\d+)/

/** The Python that tests use, and the script that comes with moto. */
const commands = (): readonly (readonly [string, readonly string[]])[] => {
  const python = process.env['SVD_PYTHON']
  return [...(python === undefined ? [] : [[python, ['-m', 'moto.server']] as const]), ['moto_server', []]]
}

export interface MotoServer {
  /** `http://127.0.0.1:PORT`, for all services. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts moto; `null` if the process ended, most likely because moto is not installed. */
const start = async (file: string, args: readonly string[]): Promise<MotoServer | null> => {
  const server = execa(file, [...args, '-H', '127.0.0.1', '-p', '0'], {
    ...{ reject: false, buffer: false, stdin: 'ignore', stdout: 'ignore' },
  })
  const url = await new Promise<string | null>((resolve) => {
    let printed = ''
    // The output is read to its end, because moto prints a line per request and stops when the pipe is full.
    server.stderr.on('data', (chunk) => {
      if (printed.length > 10_000) return
      printed += chunk
      const listening = LISTENING.exec(printed)?.[1]
      if (listening !== undefined) resolve(listening)
    })
    server.finally(() => resolve(null))
  })
  if (url === null) return null
  return {
    url,
    async stop() {
      server.kill()
      await server
    },
  }
}

/**
 * moto's server in a process and on a port of its own. Null where there is none: no moto in `SVD_PYTHON`, and no
 * `moto_server` on the PATH.
 */
export const startMoto = async (): Promise<MotoServer | null> => {
  for (const [file, args] of commands()) {
    const moto = await start(file, args)
    if (moto !== null) return moto
  }
  return null
}

/** Its S3 and SQS, through the adapters. Null as with `startMoto`. */
export const openMoto = async (): Promise<Implementation | null> => {
  const moto = await startMoto()
  return moto === null ? null : openEndpoint('moto', moto.url, moto.stop)
}
