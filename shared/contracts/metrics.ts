/*
 * Names of this project's metrics in CloudWatch that more than one part has to know: who writes them, who scales and
 * who is alarmed by them. Each has the one dimension `service`.
 */

export const METRICS_NAMESPACE = 'SvdBatch'

/** Powertools calls the dimension so. */
export const INGEST_SERVICE = 'ingest'
export const WORKER_SERVICE = 'svd-worker'
export const DISPATCH_SERVICE = 'dispatch'
