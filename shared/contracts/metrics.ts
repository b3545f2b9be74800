/*
 * Names of this project's metrics in CloudWatch that more than one part has to know: who writes them, who scales and
 * who is alarmed by them. Each has the one dimension `service`.
 */

export const METRICS_NAMESPACE = 'SvdBatch'

/** Metrics namespace of a deployment on AWS: two in one account must not count each other's clips. */
export const metricsNamespaceOf = (deployment: string): string => `${METRICS_NAMESPACE}/${deployment}`

/** Powertools calls the dimension so. */
export const INGEST_SERVICE = 'ingest'
export const WORKER_SERVICE = 'svd-worker'
export const DISPATCH_SERVICE = 'dispatch'
export const NOTIFY_SERVICE = 'notify'

/** Receives of jobs for a model that the receiving worker does not have. */
export const OTHER_MODEL_METRIC = 'OtherModelJobs'

/** Dispatch emits it each minute: messages that wait or are in work. Without it, dispatch does not run. */
export const BACKLOG_METRIC = 'Backlog'
/** Workers of AWS Batch. */
export const WORKERS_ACTIVE_METRIC = 'WorkersActive'
/** 1 while clips wait and workers fail to start or do not come, else 0. */
export const CANNOT_START_METRIC = 'WorkersCannotStart'
/** 1 while the budget of the UTC day is reached, else 0. */
export const BUDGET_REACHED_METRIC = 'BudgetReached'
