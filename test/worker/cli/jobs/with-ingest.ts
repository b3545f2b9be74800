import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import type { IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { fakeServices } from '../fake-services.ts'

export const signal = new AbortController().signal

export const pixels = (format: 'png' | 'jpeg' | 'webp', red = 90): Promise<Buffer> =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: red, g: 60, b: 30 } } })
    .toFormat(format)
    .toBuffer()

export const aFolder = async (files: Readonly<Record<string, Uint8Array | string>>) => {
  const folder = await temporaryDir()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), content)
  }
  return { folder, at: (name: string): string => path.join(folder, name) }
}

export interface IngestOptions {
  /** Fields of the report that ingest writes on an object. Default: one job, named by the key. */
  readonly says?: (key: string) => Partial<IngestReport>
  /** Number of the first sleep of the command during which ingest works. */
  readonly awakeAt?: number
  readonly afterwards?: (sleep: number) => Promise<void>
}

export const jobOf = (key: string, overrides: object = {}) => {
  const { job_id } = aJobMessage({ sourceKey: key })
  return {
    ...{ job_id, item: null, item_id: null, image: key, videos: [] },
    ...{ done_before: false, ...overrides },
  }
}

/** Services with an ingest that reports on uploads while the command sleeps. */
export const withIngest = ({
  says = () => ({}),
  awakeAt = 1,
  afterwards = async () => {},
}: IngestOptions = {}) => {
  const setup = fakeServices({
    async whileAsleep(sleep) {
      if (sleep >= awakeAt) for (const key of setup.inputs.keys()) await report(key)
      await afterwards(sleep)
    },
  })
  const report = async (key: string) => {
    const info = await setup.inputs.head(key, signal)
    if (info === null || (key.startsWith('images/') && key.endsWith('.json'))) return
    await setup.putReport({
      ...{ version: 1, bucket: 'in', key, version_id: null, etag: info.etag, sequencer: null },
      ...{ state: 'accepted', jobs: [jobOf(key)], superseded: [], faults: [], more_faults: 0 },
      ...{ reported_at: '2026-11-24T12:30:01.000Z', ...says(key) },
    })
  }
  return setup
}
