/*
 * When an event comes again. infra deploys these figures.
 *
 *   0            10 min                 20 min
 *   │ run, 5 min │ the next run, 5 min  │
 *   └ visibility ┘ └ visibility ────────┘
 *
 * "After your queue's visibility timeout runs out, the message will again reappear in the queue." (AWS Lambda Developer
 * Guide, Handling errors for an SQS event source in Lambda)
 */

/** A manifest of 10,000 clips takes the longest. Also decides for how long an event is out of sight. */
export const INGEST_TIMEOUT_SECONDS = 300

/** An event is out of sight for one function's time, and as much again for what waits before it inside of Lambda. */
export const EVENT_VISIBILITY_SECONDS = 2 * INGEST_TIMEOUT_SECONDS

/**
 * A message counts as sent lately until the next run of the event that sent it has ended: so that run does not send it
 * again. It may begin as late as its function's time after the visibility timeout. An image and its sidecar have an event
 * each, which come within minutes, and S3 sometimes repeats one. An upload that comes later is a person's wish to have the
 * job queued, because its message may have been lost with the queue.
 */
export const LATELY_MS = (EVENT_VISIBILITY_SECONDS + 2 * INGEST_TIMEOUT_SECONDS) * 1_000
