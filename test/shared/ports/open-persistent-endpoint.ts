import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { openPersistentState } from '../../../worker/local/persistent-state.ts'
import type { Implementation } from './implementation.ts'
import { openEndpoint } from './open-endpoint.ts'

/** The endpoint of `svd local --data-dir`, on a port and a folder of its own. */
export const openPersistentEndpoint = async (): Promise<Implementation> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-persistent-'))
  const persistentState = await openPersistentState(folder, () => new Date())
  const endpoint = await startEmbeddedEndpoint(0, { persistentState })
  return openEndpoint('embedded', endpoint.url, async () => {
    await endpoint[Symbol.asyncDispose]()
    await persistentState[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
}
