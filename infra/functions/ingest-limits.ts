/** A manifest of 10,000 clips takes the longest. Also decides for how long a drop is out of sight. */
export const INGEST_TIMEOUT_SECONDS = 300

/**
 * As much as a new account gets, and with it the most processor. A picture of 100 megapixels is held twice, decoded
 * and scaled.
 */
export const INGEST_MEMORY_MIB = 3008

/** Drops of one invocation, one after the other. */
export const INGEST_BATCH = 5
