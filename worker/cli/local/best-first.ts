import type { JobStatus } from '../../client/tracking/job-status.ts'

/**
 * Sample photos of the demo, the one whose clips look best first. The cat stays a cat in every frame, and its colours
 * change least. The cup has more colour and more grain. The thin masts around the rocket fade.
 */
const PHOTOS = ['chelsea.png', 'coffee.png', 'rocket.png']

const rankOf = ({ image }: JobStatus): number => {
  const rank = PHOTOS.findIndex((photo) => image.source_key.endsWith(`/${photo}`))
  return rank === -1 ? PHOTOS.length : rank
}

/** Sorts the demo's jobs so that its page begins with the best clip. Among clips of one photo, less motion is better. */
export const bestFirst = (statuses: readonly JobStatus[]): readonly JobStatus[] =>
  statuses.toSorted(
    (a, b) => rankOf(a) - rankOf(b) || a.parameters.motion_bucket_id - b.parameters.motion_bucket_id,
  )
