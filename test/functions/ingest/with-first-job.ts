import { expect } from 'vitest'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { aLateSidecar } from './a-late-sidecar.ts'
import { s3Event } from './ingest-setup.ts'

export type Setup = Awaited<ReturnType<typeof aLateSidecar>>

export const jobAt = ({ jobs }: Pick<Setup, 'jobs'>, index: number): JobMessage =>
  jobs()[index] ?? expect.fail(`${index} jobs were queued`)

/** The image's job alone is queued. */
export const withFirstJob = async (options: Parameters<typeof aLateSidecar>[0] = {}) => {
  const setup = await aLateSidecar(options)
  await setup.ingest(s3Event(setup.image))
  return { setup, first: jobAt(setup, 0) }
}
