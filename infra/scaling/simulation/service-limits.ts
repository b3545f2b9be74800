import { MAX_MESSAGES_IN_FLIGHT } from '../../../shared/fleet/quotas.ts'
import { RENEW_SECONDS } from '../../../worker/instance/task-protection.ts'
import { deploymentConfigSchema } from '../../config/deployment-config.ts'
import { RECORDS_OF_CLIP } from './clip-requests.ts'
import type { PeakLoad } from './volume-load.ts'

/*
 * Limits of AWS's services that a fleet can run into, per account and region unless said otherwise. Where they come
 * from stands beside each; none was tried out.
 */
export interface ServiceLimit {
  readonly what: string
  /** `null` if there is no usual limit. New accounts often have 0. */
  readonly limit: number | null
  /** At the busiest moment. */
  readonly usedBy: (load: PeakLoad) => number
  /** Remedy: keys of the configuration, or a request to AWS. */
  readonly answer: string
  readonly source: string
}

/** Instances of one launch join the cluster within so long, for all that differs between them. */
const JOIN_SECONDS = 45
/** Layers of the worker's image; its Dockerfile has about so many. */
const IMAGE_LAYERS = 12
/** An image in ingest: fetched, decoded, written, eleven more requests. Estimated, not measured. */
export const INGEST_SECONDS = 1
/** Mean time between two renewals of a worker that has a job: half of `RENEW_SECONDS` to all of it, by chance. */
const PROTECT_EVERY_SECONDS = 0.75 * RENEW_SECONDS
/** A record in notify: some five requests, one after the other. Estimated, not measured. */
export const NOTIFY_SECONDS = 0.3

/** Configuration of a deployment that sets nothing itself. */
const DEFAULTS = deploymentConfigSchema.parse({})

const most = (load: PeakLoad, kind: 'readsPerSecond' | 'writesPerSecond'): number =>
  Math.max(...load.prefixes.map((prefix) => prefix[kind]))

export const SERVICE_LIMITS: readonly ServiceLimit[] = [
  {
    what: 'EC2: vCPUs of running G and VT instances',
    limit: null,
    usedBy: ({ vcpus }) => vcpus,
    answer: 'quotas L-3819A6DF (Spot), L-DB2E81BA; instanceTypes of both families',
    source: 'Service Quotas; 0 in many new accounts',
  },
  {
    what: `this stack's maxWorkers, ${DEFAULTS.maxWorkers} if not set`,
    limit: DEFAULTS.maxWorkers,
    usedBy: ({ workers }) => workers,
    answer: 'maxWorkers',
    source: 'infra/config',
  },
  {
    what: `this stack's drops side by side, ${DEFAULTS.ingestConcurrency} if not set`,
    limit: DEFAULTS.ingestConcurrency,
    usedBy: ({ clipsPerSecond }) => clipsPerSecond * INGEST_SECONDS,
    answer: 'ingestConcurrency; a manifest of many clips is one drop',
    source: 'infra/config; a second an image, estimated',
  },
  {
    what: `this stack's records side by side, ${DEFAULTS.notifyConcurrency} if not set`,
    limit: DEFAULTS.notifyConcurrency,
    usedBy: ({ clipsPerSecond }) => clipsPerSecond * RECORDS_OF_CLIP * NOTIFY_SECONDS,
    answer: 'notifyConcurrency; events come later until then',
    source: 'infra/config; a third of a second a record, estimated',
  },
  {
    what: 'Lambda: concurrent executions',
    limit: 1_000,
    usedBy: ({ clipsPerSecond }) => clipsPerSecond * (INGEST_SECONDS + RECORDS_OF_CLIP * NOTIFY_SECONDS),
    answer: 'ingestReservedConcurrency; a request to AWS (new accounts: 10)',
    source: 'Lambda developer guide, quotas',
  },
  {
    what: 'S3: reads a second of a prefix, models/ while all instances start',
    limit: 5_500,
    usedBy: ({ modelReadsPerSecond }) => modelReadsPerSecond,
    answer: 'none needed: parts of 64 MiB (PART_BYTES); larger ones',
    source: 'S3 user guide, optimizing performance',
  },
  {
    what: 'S3: writes a second of a prefix, the busiest (status/)',
    limit: 3_500,
    usedBy: (load) => most(load, 'writesPerSecond'),
    answer: 'keys are hashes, so S3 can split the prefix; fewer status writes',
    source: 'S3 user guide, optimizing performance',
  },
  {
    what: 'S3: reads a second of a prefix, the busiest (cancel/)',
    limit: 5_500,
    usedBy: (load) => most(load, 'readsPerSecond'),
    answer: 'keys are hashes, so S3 can split the prefix',
    source: 'S3 user guide, optimizing performance',
  },
  {
    what: 'SQS: messages in flight, of a queue',
    limit: MAX_MESSAGES_IN_FLIGHT,
    usedBy: ({ messagesInFlight }) => messagesInFlight,
    answer: 'a second deployment (name)',
    source: 'SQS developer guide, quotas',
  },
  {
    what: 'ECS: tasks without an instance, of a cluster',
    limit: 500,
    usedBy: ({ workers }) => workers,
    answer: 'none needed: the others follow; compute=batch has no such limit',
    source: 'ECS quotas, L-B7718569; cannot be raised',
  },
  {
    what: 'ECS: instances of a cluster, and tasks of a service',
    limit: 5_000,
    usedBy: ({ workers }) => workers,
    answer: 'a request to AWS; a second deployment (name)',
    source: 'ECS developer guide, operating at scale',
  },
  {
    what: "ECS: agents' calls a second, while all instances join",
    limit: 120,
    usedBy: ({ instances }) => instances / JOIN_SECONDS,
    answer: 'none needed: agents try again',
    source: 'ECS API reference, request throttling (burst 200)',
  },
  {
    what: 'ECS: task protections a second',
    limit: 80,
    usedBy: ({ workers }) => workers / PROTECT_EVERY_SECONDS,
    answer: 'none needed: renewed every 2.5 to 5 min, not with each job',
    source: 'ECS API reference, request throttling (burst 200)',
  },
  {
    what: 'Batch: jobs submitted a second, if a minute is to start all',
    limit: 50,
    usedBy: ({ workers }) => workers / 60,
    answer: 'none needed: what one minute does not start the next does; array jobs',
    source: 'Batch user guide, service quotas; cannot be raised',
  },
  {
    what: 'ECR: layer URLs a second, while all instances pull',
    limit: 3_000,
    usedBy: ({ instances }) => (instances * IMAGE_LAYERS) / JOIN_SECONDS,
    answer: 'a request to AWS (L-A60A366D)',
    source: 'ECR user guide, service quotas',
  },
]

/** 1: all of it; null: there is no figure to share. */
export const shareOf = ({ limit, usedBy }: ServiceLimit, load: PeakLoad): number | null =>
  limit === null ? null : usedBy(load) / limit

/** Those that do not suffice, the first to give way first; what has no usual limit stands before all. */
export const exceededBy = (load: PeakLoad): readonly ServiceLimit[] =>
  SERVICE_LIMITS.filter((limit) => (shareOf(limit, load) ?? Number.POSITIVE_INFINITY) > 1).sort(
    (a, b) => (shareOf(b, load) ?? Number.POSITIVE_INFINITY) - (shareOf(a, load) ?? Number.POSITIVE_INFINITY),
  )
