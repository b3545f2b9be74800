import type { JobStatus } from '../tracking/job-status.ts'

/** `id` of a job's card, to which other parts of the page link. */
export const cardId = (jobId: string): string => `job-${jobId}`

/** `images/a/x.png` → `x.png`. */
export const imageFileName = ({ image }: Pick<JobStatus, 'image'>): string =>
  image.source_key.split('/').at(-1) ?? ''
