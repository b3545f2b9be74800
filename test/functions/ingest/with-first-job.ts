import { expect } from 'vitest'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { aLateSidecar } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'

export type World = Awaited<ReturnType<typeof aLateSidecar>>

export const jobAt = ({ jobs }: Pick<World, 'jobs'>, index: number): JobMessage =>
  jobs()[index] ?? expect.fail(`${index} jobs were queued`)

/** The image's job alone is queued. */
export const withFirstJob = async (options: Parameters<typeof aLateSidecar>[0] = {}) => {
  const world = await aLateSidecar(options)
  await world.ingest(s3Event(world.image))
  return { world, first: jobAt(world, 0) }
}
