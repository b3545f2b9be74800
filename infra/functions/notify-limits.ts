/**
 * More than half a processor. The report of a manifest of 10,000 clips has notify read each result twice, in 240 seconds;
 * a single result takes a fraction of a second.
 */
export const NOTIFY_MEMORY_MIB = 1024

/** Written records of one invocation, one after the other. */
export const NOTIFY_BATCH = 5
