import { Metrics, MetricUnit as Unit } from '@aws-lambda-powertools/metrics'
import type { MetricUnit } from '@aws-lambda-powertools/metrics/types'
import { OTHER_MODEL_METRIC } from '../../shared/contracts/metrics.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { WorkerLogEvent } from './worker-event.ts'

/*
 * CloudWatch metrics of the worker, as lines of its log (Embedded Metric Format). One dimension, `service`, so that a
 * metric is one number for the whole fleet; failures come a second time with their `class`. A job's id is a field of
 * the line, to search by, and no dimension.
 *
 *     JobsSucceeded, JobsFailed, JobsCancelled   Count    with the result
 *     JobSeconds         Seconds        from the attempt's start to its result
 *     DeviceSeconds      Seconds        of them with the renderer's device
 *     CostUsd            None           of these, where a price is set
 *     WaitingSeconds     Seconds        from submit to the first receive
 *     DeviceIdleMs       Milliseconds   between two jobs
 *     Retries, LeaseLost, Postponed
 *                        Count          attempts that ended without a result
 *     OtherModelJobs     Count          of them, those of another model than the worker's
 */

export interface MeasureOptions {
  /** Gets whole lines, each with its line feed, to be written at once. */
  readonly write: (text: string) => void
  readonly service: string
  readonly namespace: string
}

interface Measure {
  readonly name: string
  readonly unit: MetricUnit
  readonly value: number
}

const count = (name: string): Measure => ({ name, unit: Unit.Count, value: 1 })
const seconds = (name: string, value: number): Measure => ({ name, unit: Unit.Seconds, value })

const COUNT_OF_STATE = {
  succeeded: 'JobsSucceeded',
  failed: 'JobsFailed',
  cancelled: 'JobsCancelled',
} as const satisfies Record<ResultRecord['state'], string>

const secondsBetween = (start: string, end: string): number => (Date.parse(end) - Date.parse(start)) / 1000

const measuresOfResult = (result: ResultRecord): readonly Measure[] => [
  count(COUNT_OF_STATE[result.state]),
  seconds('JobSeconds', secondsBetween(result.started_at, result.finished_at)),
  seconds('DeviceSeconds', result.device_seconds),
  ...(result.cost_usd === null ? [] : [{ name: 'CostUsd', unit: Unit.NoUnit, value: result.cost_usd }]),
]

/** Turns events into lines of metrics, each of one event. */
export const measureEvents = ({
  write,
  service,
  namespace,
}: MeasureOptions): ((event: WorkerLogEvent) => void) => {
  const emit = (
    jobId: string,
    measures: readonly Measure[],
    dimensions: Readonly<Record<string, string>> = {},
  ): void => {
    const metrics = new Metrics({ namespace, serviceName: service })
    for (const [name, value] of Object.entries(dimensions)) metrics.addDimension(name, value)
    metrics.addMetadata('job_id', jobId)
    for (const { name, unit, value } of measures) metrics.addMetric(name, unit, value)
    // Not published by the library: that writes where this program cannot say.
    write(`${JSON.stringify(metrics.serializeMetrics())}\n`)
  }

  return (event) => {
    switch (event.type) {
      case 'job-received':
        if (event.attempt === 1) emit(event.jobId, [seconds('WaitingSeconds', event.waitingSeconds)])
        break
      case 'device-idle':
        if (event.gapMs !== null)
          emit(event.jobId, [{ name: 'DeviceIdleMs', unit: Unit.Milliseconds, value: event.gapMs }])
        break
      case 'job-retry':
        emit(event.jobId, [count('Retries')])
        break
      case 'job-postponed': {
        const { jobId, waitsForModel } = event
        emit(jobId, [count('Postponed'), ...(waitsForModel === null ? [] : [count(OTHER_MODEL_METRIC)])])
        break
      }
      case 'job-abandoned':
        if (event.leaseLost) emit(event.jobId, [count('LeaseLost')])
        break
      case 'job-done': {
        const { failure } = event.result
        emit(event.jobId, measuresOfResult(event.result))
        if (failure !== null) emit(event.jobId, [count('JobsFailed')], { class: failure.class })
        break
      }
      default:
    }
  }
}
