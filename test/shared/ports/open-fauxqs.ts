import { startFauxqs } from 'fauxqs'
import type { Implementation } from './implementation.ts'
import { openEndpoint } from './open-endpoint.ts'

/** Opens fauxqs in this process, on a port of its own. */
export const openFauxqs = async (): Promise<Implementation> => {
  const server = await startFauxqs({ port: 0, logger: false })
  return openEndpoint('fauxqs', `http://127.0.0.1:${server.port}`, () => server.stop())
}
