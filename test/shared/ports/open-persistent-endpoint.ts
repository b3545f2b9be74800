import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedEndpoint } from '../../../worker/local/embedded-endpoint.ts'
import { openKeptState } from '../../../worker/local/persistent-state.ts'
import type { Implementation } from './implementation.ts'
import { openEndpoint } from './open-endpoint.ts'

/** The endpoint of `svd local --data-dir`, on a port and a folder of its own. */
export const openKeptEndpoint = async (): Promise<Implementation> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-kept-'))
  const kept = await openKeptState(folder, () => new Date())
  const endpoint = await startEmbeddedEndpoint(0, { kept })
  return openEndpoint('embedded', endpoint.url, async () => {
    await endpoint[Symbol.asyncDispose]()
    await kept[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
}
