/*
 * When an event of S3 that could not be announced comes again. infra deploys these figures.
 *
 *   0          4 min   5 min           9 min
 *   │ run, 4 min │     │ the next run, 4 min │
 *   └ visibility ──────┘ └ visibility ─────────┘
 *
 * "After your queue's visibility timeout runs out, the message will again reappear in the queue." (AWS Lambda Developer
 * Guide, Handling errors for an SQS event source in Lambda). An event that appears while its run goes on is announced twice,
 * with the same ids.
 */

/** The report of a manifest of 10,000 clips takes the longest. */
export const NOTIFY_TIMEOUT_SECONDS = 240

export const NOTIFY_VISIBILITY_SECONDS = 300

/** An event is tried for an hour, which outlasts most faults of EventBridge, SNS and Secrets Manager. */
export const NOTIFY_RECEIVES = 12
