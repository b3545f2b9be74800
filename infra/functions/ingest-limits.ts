/**
 * As much as a new account gets, and with it the most processor. An image of 100 megapixels is held twice, decoded
 * and scaled.
 */
export const INGEST_MEMORY_MIB = 3008

/** Drops of one invocation, one after the other. */
export const INGEST_BATCH = 5
