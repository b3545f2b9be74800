import { EVENTS_OF_CLIP, RECORDS_OF_CLIP, s3RequestsOfClip, sqsRequestsOfClip } from './clip-requests.ts'
import { INGEST_SECONDS, NOTIFY_SECONDS } from './service-limits.ts'
import { MODEL_READS } from './volume-load.ts'

/** US dollars, us-east-1, before any free tier. From public price lists of 2024 to 2026; check before you rely on them. */
export const PRICES = {
  s3Write: 0.005 / 1000,
  s3Read: 0.0004 / 1000,
  s3GigabyteMonth: 0.023,
  sqsRequest: 0.4 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.0000166667,
  /** Up to 64 KB; deliveries to queues and functions of the account are free. */
  customEvent: 1 / 1e6,
  snsPublish: 0.5 / 1e6,
  logGigabyte: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
} as const

/** infra/functions/ingest-limits.ts */
const INGEST_GIB = 3008 / 1024
/** infra/functions/notify-limits.ts */
const NOTIFY_GIB = 1
/** MP4, poster, normalised image: some megabytes. */
const STORED_GB = 0.004
const STORED_MONTHS = 1
/** Lines of ingest, worker and notify: about twelve of half a kilobyte, metrics among them as much again. */
const LOG_GB = 14e3 / 1e9
/** Metrics of worker, ingest, dispatch and notify; alarms. */
const METRICS = 22
const ALARMS = 19

export interface ServiceCost {
  readonly of: string
  /** US dollars for a clip. */
  readonly usd: number
}

/** Costs of a clip besides machines, at so many clips a day; `launches`: count of instances started that day. */
export const serviceCostsOf = (
  clipsPerDay: number,
  { renderSeconds, launches }: { readonly renderSeconds: number; readonly launches: number },
): readonly ServiceCost[] => {
  const requests = s3RequestsOfClip(renderSeconds)
  const reads = requests.reduce((sum, prefix) => sum + prefix.reads, 0)
  const writes = requests.reduce((sum, prefix) => sum + prefix.writes, 0)
  const clipsPerMonth = clipsPerDay * 30
  return [
    { of: 'S3 requests', usd: writes * PRICES.s3Write + reads * PRICES.s3Read },
    { of: 'models fetched', usd: (launches * MODEL_READS * PRICES.s3Read) / clipsPerDay },
    { of: 'storage, a month', usd: STORED_GB * STORED_MONTHS * PRICES.s3GigabyteMonth },
    { of: 'SQS', usd: sqsRequestsOfClip(renderSeconds) * PRICES.sqsRequest },
    {
      of: 'ingest',
      usd: PRICES.lambdaRequest + INGEST_GIB * INGEST_SECONDS * PRICES.lambdaGigabyteSecond,
    },
    {
      of: 'notify',
      usd:
        RECORDS_OF_CLIP * (PRICES.lambdaRequest + NOTIFY_GIB * NOTIFY_SECONDS * PRICES.lambdaGigabyteSecond),
    },
    {
      of: 'events, EventBridge and SNS',
      usd: EVENTS_OF_CLIP * (PRICES.customEvent + PRICES.snsPublish),
    },
    { of: 'logs', usd: LOG_GB * PRICES.logGigabyte },
    {
      of: 'metrics, alarms',
      usd: (METRICS * PRICES.metricMonth + ALARMS * PRICES.alarmMonth) / clipsPerMonth,
    },
  ]
}
