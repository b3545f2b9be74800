/*
 * Where everything lies. A prefix has one writer and one rule, so that a policy can say it.
 *
 *   input bucket     images/…            uploaded images, and beside each an optional sidecar: x.png.json of x.png
 *                                        alone, or x.json of every image x (see input-names.ts)
 *                    manifests/…         .json and .jsonl
 *                    anything else       is rejected by a report, unread; keys that end with / are folder markers
 *   output bucket    inputs/SHA.png      normalised images, by content; ingest, written once
 *                    inputs/known/…      which uploaded object a normalised image came from; ingest, written once
 *                    jobs/ID/result.json what became of a job; the worker, written once
 *                    jobs/ID/attempts/…  videos and posters, a folder per attempt; the worker, written once
 *                    jobs/ID/rejected/…  videos and posters that did not pass their checks, a folder per attempt, for
 *                                        some days; the worker, written once, with a tag. Never outputs of the job
 *                    jobs/ID/failures/   earlier results of a job that was brought back; `svd redrive`, and ingest for
 *                                        jobs that it cancelled itself
 *                    status/ID.json      how a job stands; ingest and the worker, overwritten
 *                    index/KIND/…        what happened to jobs, the newest first; ingest and the worker, written once;
 *                                        see index-entry.ts
 *                    index/counts.json   how many jobs the index has; ingest, the worker and `svd redrive`, overwritten
 *                    cancel/ID.json      asks the worker to stop; `svd cancel`, and ingest for jobs that no report names
 *                                        any more
 *                    orders/ID/SHA.json  names an upload that ordered a job; ingest, overwritten. Jobs that one upload
 *                                        alone ordered have none: it is the origin in their status
 *                    reports/KEY.json    what became of an uploaded object; ingest, overwritten
 *                    reports/unusual-keys/SHA.json   the same, where KEY is too long or not fit to be part of a key
 *                    batches/SHA.json    which job of a manifest has not ended; notify, overwritten
 *                    dispatch/state.json workers that were asked for, failed starts, dollars of the day; dispatch,
 *                                        overwritten
 *                    dispatch/pause.json until when workers take no further job; dispatch, overwritten
 *                    probes/ID           tried out and removed by a worker that starts
 *   models bucket    models/ID/…         a checkpoint's files, and model.json that lists them
 */

import { createHash } from 'node:crypto'
import { type ClipFormat, FORMAT_TRAITS, POSTER_ENDING } from './clip-format.ts'
import { keyFault } from './object-key.ts'

export const IMAGES_PREFIX = 'images/'
export const MANIFESTS_PREFIX = 'manifests/'
export const INPUTS_PREFIX = 'inputs/'
export const JOBS_PREFIX = 'jobs/'
export const STATUS_PREFIX = 'status/'
export const CANCEL_PREFIX = 'cancel/'
export const ORDERS_PREFIX = 'orders/'
export const REPORTS_PREFIX = 'reports/'
export const INDEX_PREFIX = 'index/'

/**
 * The key that `svd submit` gives a sidecar: `images/a/x.png` → `images/a/x.png.json`. `images/a/x.json` would be a
 * sidecar of `images/a/x.jpg` too.
 */
export const sidecarKey = (imageKey: string): string => `${imageKey}.json`

/** `pixelsSha256` as `hashPixels` gives it. */
export const normalizedImageKey = (pixelsSha256: string): string => `${INPUTS_PREFIX}${pixelsSha256}.png`

/** `sourceSha256`: of what identifies an uploaded object. */
export const knownImageKey = (sourceSha256: string): string => `${INPUTS_PREFIX}known/${sourceSha256}.json`

export const jobFolder = (jobId: string): string => `${JOBS_PREFIX}${jobId}/`
/** Name of a job's result in its folder. No other object of the folder ends with it. */
export const RESULT_NAME = '/result.json'
export const resultKey = (jobId: string): string => `${JOBS_PREFIX}${jobId}${RESULT_NAME}`
export const failuresFolder = (jobId: string): string => `${jobFolder(jobId)}failures/`
export const failureKey = (jobId: string, attempt: number): string =>
  `${failuresFolder(jobId)}${String(attempt).padStart(4, '0')}.json`
export const statusKey = (jobId: string): string => `${STATUS_PREFIX}${jobId}.json`
export const cancelKey = (jobId: string): string => `${CANCEL_PREFIX}${jobId}.json`
export const INDEX_COUNTS_KEY = `${INDEX_PREFIX}counts.json`

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')

export const ordersFolder = (jobId: string): string => `${ORDERS_PREFIX}${jobId}/`
export const orderKey = (jobId: string, inputKey: string): string =>
  `${ordersFolder(jobId)}${sha256Of(inputKey)}.json`

const UNUSUAL_KEYS = 'unusual-keys/'

/** No two keys have the same report, also where one begins with `unusual-keys/`. */
export const reportKey = (inputKey: string): string => {
  const key = `${REPORTS_PREFIX}${inputKey}.json`
  if (keyFault(key) === null && !inputKey.startsWith(UNUSUAL_KEYS)) return key
  return `${REPORTS_PREFIX}${UNUSUAL_KEYS}${sha256Of(inputKey)}.json`
}

/** Prefix of records that tell which job of a manifest notify waits for. */
export const BATCHES_PREFIX = 'batches/'
export const batchKey = (inputKey: string): string => `${BATCHES_PREFIX}${sha256Of(inputKey)}.json`

export interface VideoKeys {
  readonly video: string
  readonly poster: string
}

const videoKeysIn = (folder: string, videos: number): readonly VideoKeys[] =>
  Array.from({ length: videos }, (_, index) => {
    const name = `${folder}video${videos === 1 ? '' : `-${index}`}`
    return { video: `${name}.mp4`, poster: `${name}${POSTER_ENDING}` }
  })

/** Key of a video in another format, beside its MP4: `video.mp4` → `video.gif`. */
export const formatKey = (videoKey: string, format: ClipFormat): string =>
  videoKey.slice(0, -FORMAT_TRAITS.mp4.ending.length) + FORMAT_TRAITS[format].ending

/**
 * A job of one video has `video.mp4`; of more, `video-0.mp4` and so on, as `svd render` names them. Each attempt has its
 * own folder, because two renders of one job need not give the same bytes. `attemptId`: see worker/jobs/attempt-id.ts.
 * Only the worker that writes the files calls this. Readers take the keys from the job's `result.json`: a file that it
 * does not name is a leftover of another attempt.
 */
export const outputKeys = (jobId: string, attemptId: string, videos: number): readonly VideoKeys[] =>
  videoKeysIn(`${jobFolder(jobId)}attempts/${attemptId}/`, videos)

export const rejectedFolder = (jobId: string): string => `${jobFolder(jobId)}rejected/`

/** The keys of an attempt whose clip did not pass its checks. As with outputs, readers take the keys from the failed record. */
export const rejectedKeys = (jobId: string, attemptId: string, videos: number): readonly VideoKeys[] =>
  videoKeysIn(`${rejectedFolder(jobId)}${attemptId}/`, videos)

/**
 * Every object under `rejectedFolder` has this tag, by which the bucket's lifecycle rule knows it: the prefix of a rule
 * cannot skip a job's id.
 */
export const REJECTED_TAG = { name: 'svd-batch', value: 'rejected' } as const

/** Job id in a key `jobs/ID/result.json`; `null` for any other key. */
export const jobIdOfResult = (key: string): string | null =>
  /^jobs\/([0-9a-f]{32})\/result\.json$/.exec(key)?.[1] ?? null

export const MODELS_PREFIX = 'models/'
export const modelFolder = (modelId: string): string => `${MODELS_PREFIX}${modelId}/`
export const modelRecordKey = (modelId: string): string => `${modelFolder(modelId)}model.json`

/** Model id in a key `models/ID/model.json`; `null` for any other key. */
export const modelIdOfRecord = (key: string): string | null =>
  /^models\/([^/]+)\/model\.json$/.exec(key)?.[1] ?? null

/**
 * Key of the object with which a worker tests that the output bucket does what it must. The worker removes the object
 * if it may.
 */
export const probeKey = (id: string): string => `probes/${id}`

/** Key of the state that dispatch keeps from one minute to the next. */
export const DISPATCH_STATE_KEY = 'dispatch/state.json'
/** Key of the object that states until when workers take no further job. */
export const DISPATCH_PAUSE_KEY = 'dispatch/pause.json'
