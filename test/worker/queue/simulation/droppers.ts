import { cancelKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { MemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { type DroppablePicture, metadataOf, PNG, SIDECARS, sidecarOf } from './droppable-pictures.ts'
import { type DroppedManifest, manifestsOf } from './dropped-manifests.ts'
import { HEALED_MS, type PlannedDrop, type PlannedSidecar, type Schedule } from './schedule.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedIngest } from './simulated-ingest.ts'

export interface DroppersOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly schedule: Schedule
  readonly pictures: readonly DroppablePicture[]
  readonly input: MemoryObjectStore
  readonly output: MemoryObjectStore
  readonly jobs: MemoryMessageQueue
  readonly ingest: SimulatedIngest
  readonly trace: (line: string) => void
}

const JSON_TYPE = { contentType: 'application/json' }

/** The people: they drop pictures, sidecars and a manifest, ask for jobs to be stopped, and send what is no job. */
export const letPeopleDrop = (options: DroppersOptions): void => {
  const { time, random, schedule, pictures, input, output, jobs, ingest, trace } = options

  const tell = async (key: string, events: number): Promise<void> => {
    const info = (await input.head(key, unaborted))!
    for (let event = 0; event < events; event++) {
      time.after(random.between(10, 30_000), () => ingest.deliver({ key, etag: info.etag }))
    }
  }

  const drop = async ({ videos, events, kind }: PlannedDrop, { key, bytes, jobIds }: DroppablePicture) => {
    trace(`drops ${key}, ${kind}: job ${jobIds[videos]}`)
    await input.put(key, bytes, { ...PNG, metadata: metadataOf(videos) }, unaborted)
    await tell(key, events)
  }

  const dropSidecar = async (
    { kind, events }: PlannedSidecar,
    { key: picture, otherJobIds }: DroppablePicture,
  ): Promise<void> => {
    const key = sidecarOf(picture)
    trace(`drops ${key}, ${kind}: the other jobs are ${Object.values(otherJobIds)}`)
    await input.put(key, new TextEncoder().encode(SIDECARS[kind]), JSON_TYPE, unaborted)
    await tell(key, events)
  }

  const cancel = ({ videos }: PlannedDrop, { jobIds }: DroppablePicture): void => {
    trace(`asks ${jobIds[videos]} to stop`)
    void output.put(cancelKey(jobIds[videos]), new Uint8Array(), JSON_TYPE, unaborted)
  }

  /** `ingestedMs`: when S3's event arrives. */
  const dropManifest = async (manifest: DroppedManifest, ingestedMs: number): Promise<void> => {
    const { key, body } = manifest
    trace(`drops ${key}`)
    await input.put(key, new TextEncoder().encode(body), JSON_TYPE, unaborted)
    const { etag } = (await input.head(key, unaborted))!
    time.after(ingestedMs, () => ingest.deliver({ key, etag }))
  }

  const dropManifests = (manifestMs: number): void => {
    const keys = schedule.drops.map((_, index) => pictures[index]!.key)
    const ingestedMs = random.between(10, 30_000)
    const [first, ...more] = manifestsOf(schedule, keys)
    time.after(manifestMs, () => void dropManifest(first, ingestedMs))
    for (const [index, { afterMs }] of schedule.moreManifests.entries()) {
      const betweenMs = random.between(0, 30)
      time.after(manifestMs + afterMs, () => void dropManifest(more[index]!, ingestedMs + betweenMs))
    }
  }

  for (const [index, planned] of schedule.drops.entries()) {
    const picture = pictures[index]!
    if (planned.cancelledMs !== null) time.after(planned.cancelledMs, () => cancel(planned, picture))
    time.after(planned.atMs, () => void drop(planned, picture))
    const { sidecar } = planned
    if (sidecar !== null) time.after(Math.max(0, sidecar.atMs), () => void dropSidecar(sidecar, picture))
  }
  if (schedule.manifestMs !== null) dropManifests(schedule.manifestMs)
  for (let index = 0; index < schedule.malformedMessages; index++) {
    const message = { body: '{"version": 2}', groupId: 'other' }
    time.after(random.between(0, HEALED_MS), () => void jobs.send([message], unaborted))
  }
}
