import type { StoredObject } from '../../../../shared/ports/object-store.ts'
import { aPng } from '../../../fixtures/images.ts'
import { ingestSetup } from '../../../functions/ingest/ingest-setup.ts'

/** An image that can be uploaded under its own name. */
export interface UploadableImage {
  readonly key: string
  readonly bytes: Uint8Array
  /** The job that ingest makes of it, by the number of videos that its metadata asks for. */
  readonly jobIds: Readonly<Record<1 | 2, string>>
  /** The job that ingest makes of it with the sidecar `SIDECARS.other`. */
  readonly otherJobIds: Readonly<Record<1 | 2, string>>
}

export interface UploadableImages {
  readonly images: readonly UploadableImage[]
  /**
   * Objects of the output bucket that let ingest know the images, so that it need not decode them again. Decoding takes
   * real time, and a simulation has none.
   */
  readonly known: readonly StoredObject[]
}

export const PNG = { contentType: 'image/png' }

/** Sidecars. `other` has a seed that manifests order too, and `same` changes the context only. */
export const SIDECARS = {
  other: '{"parameters": {"seed": 1}, "context": {"sidecar": "other"}}',
  same: '{"context": {"sidecar": "same"}}',
  faulty: '{',
} as const

export const sidecarOf = (key: string): string => key.replace(/png$/, 'json')

export const metadataOf = (videos: number): Readonly<Record<string, string>> => ({
  'svd-num-videos-per-prompt': String(videos),
  'svd-context': JSON.stringify({ videos }),
})

/** The context of an image's request in the end. A sidecar's context takes precedence; a faulty sidecar has none. */
export const contextOfImage = (videos: number, sidecar: keyof typeof SIDECARS | null): unknown =>
  sidecar === null || sidecar === 'faulty' ? { videos } : { sidecar }

/** Ingests real images once, for all schedules. */
export const makeUploadableImages = async (count: number): Promise<UploadableImages> => {
  const setup = ingestSetup()
  const images: UploadableImage[] = []
  for (let seed = 0; seed < count; seed++) {
    const key = `images/image-${seed}.png`
    const bytes = await aPng({ seed })
    const uploadBoth = async (): Promise<Readonly<Record<1 | 2, string>>> => {
      for (const videos of [1, 2]) await setup.upload(key, bytes, { ...PNG, metadata: metadataOf(videos) })
      const [one, two] = setup.jobs().slice(-2)
      if (one === undefined || two === undefined || two.parameters.num_videos_per_prompt !== 2)
        throw new Error(`${key} was not ingested`)
      return { 1: one.job_id, 2: two.job_id }
    }
    const jobIds = await uploadBoth()
    await setup.put(sidecarOf(key), SIDECARS.other)
    images.push({ key, bytes, jobIds, otherJobIds: await uploadBoth() })
  }
  return { images, known: setup.output.writes.filter(({ key }) => key.startsWith('inputs/')) }
}
