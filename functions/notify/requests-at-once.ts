/** Requests that notify has under way at once: the SDK opens at most 50 connections to a host. */
export const REQUESTS_AT_ONCE = 32
