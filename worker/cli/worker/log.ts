import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { Logger } from '@aws-lambda-powertools/logger'
import type { TextOutput } from '../command-context.ts'

/** A logger of one JSON object a line. */
export const openWorkerLog = (stdout: TextOutput): Logger => {
  const logger = new Logger({ serviceName: 'svd-worker' })
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      stdout.write(chunk)
      done()
    },
  })
  // The library writes to this process's own streams, and has no option for others.
  return Object.assign(logger, { console: new Console({ stdout: output, stderr: output }) })
}
