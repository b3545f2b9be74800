import { cancelKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { MemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { HEALED_MS, type PlannedSidecar, type PlannedUpload, type Schedule } from './schedule.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedIngest } from './simulated-ingest.ts'
import { metadataOf, PNG, SIDECARS, sidecarOf, type UploadableImage } from './uploadable-images.ts'
import { manifestsOf, type UploadedManifest } from './uploaded-manifests.ts'

export interface UploadersOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly schedule: Schedule
  readonly images: readonly UploadableImage[]
  readonly input: MemoryObjectStore
  readonly output: MemoryObjectStore
  readonly jobs: MemoryMessageQueue
  readonly ingest: SimulatedIngest
  readonly trace: (line: string) => void
}

const JSON_TYPE = { contentType: 'application/json' }

/** Acts as the people who upload images, sidecars and manifests, cancel jobs, and send malformed messages. */
export const letPeopleUpload = (options: UploadersOptions): void => {
  const { time, random, schedule, images, input, output, jobs, ingest, trace } = options

  const tell = async (key: string, events: number): Promise<void> => {
    const info = (await input.head(key, unaborted))!
    for (let event = 0; event < events; event++) {
      time.after(random.between(10, 30_000), () => ingest.deliver({ key, etag: info.etag }))
    }
  }

  const upload = async ({ videos, events, kind }: PlannedUpload, { key, bytes, jobIds }: UploadableImage) => {
    trace(`uploads ${key}, ${kind}: job ${jobIds[videos]}`)
    await input.put(key, bytes, { ...PNG, metadata: metadataOf(videos) }, unaborted)
    await tell(key, events)
  }

  const uploadSidecar = async (
    { kind, events }: PlannedSidecar,
    { key: image, otherJobIds }: UploadableImage,
  ): Promise<void> => {
    const key = sidecarOf(image)
    trace(`uploads ${key}, ${kind}: the other jobs are ${Object.values(otherJobIds)}`)
    await input.put(key, new TextEncoder().encode(SIDECARS[kind]), JSON_TYPE, unaborted)
    await tell(key, events)
  }

  const cancel = ({ videos }: PlannedUpload, { jobIds }: UploadableImage): void => {
    trace(`asks ${jobIds[videos]} to stop`)
    void output.put(cancelKey(jobIds[videos]), new Uint8Array(), JSON_TYPE, unaborted)
  }

  /** `ingestedMs` is the time until the S3 event arrives. */
  const uploadManifest = async (manifest: UploadedManifest, ingestedMs: number): Promise<void> => {
    const { key, body } = manifest
    trace(`uploads ${key}`)
    await input.put(key, new TextEncoder().encode(body), JSON_TYPE, unaborted)
    const { etag } = (await input.head(key, unaborted))!
    time.after(ingestedMs, () => ingest.deliver({ key, etag }))
  }

  const uploadManifests = (manifestMs: number): void => {
    const keys = schedule.uploads.map((_, index) => images[index]!.key)
    const ingestedMs = random.between(10, 30_000)
    const [first, ...more] = manifestsOf(schedule, keys)
    time.after(manifestMs, () => void uploadManifest(first, ingestedMs))
    for (const [index, { afterMs }] of schedule.moreManifests.entries()) {
      const betweenMs = random.between(0, 30)
      time.after(manifestMs + afterMs, () => void uploadManifest(more[index]!, ingestedMs + betweenMs))
    }
  }

  for (const [index, planned] of schedule.uploads.entries()) {
    const image = images[index]!
    if (planned.cancelledMs !== null) time.after(planned.cancelledMs, () => cancel(planned, image))
    time.after(planned.atMs, () => void upload(planned, image))
    const { sidecar } = planned
    if (sidecar !== null) time.after(Math.max(0, sidecar.atMs), () => void uploadSidecar(sidecar, image))
  }
  if (schedule.manifestMs !== null) uploadManifests(schedule.manifestMs)
  for (let index = 0; index < schedule.malformedMessages; index++) {
    const message = { body: '{"version": 2}', groupId: 'other' }
    time.after(random.between(0, HEALED_MS), () => void jobs.send([message], unaborted))
  }
}
