/** Buckets and queues of the local pipeline. */
export const INPUT_BUCKET = 'svd-input'
export const OUTPUT_BUCKET = 'svd-output'
export const JOBS_QUEUE = 'svd-jobs'
export const DEAD_LETTER_QUEUE = 'svd-jobs-dead-letters'
