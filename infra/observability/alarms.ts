import { Duration } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct, type IConstruct } from 'constructs'
import type { Webhook } from '../events/webhook.ts'
import type { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'

export interface AlarmsProps {
  readonly topic: Topic
  readonly drops: QueueWithDeadLetters
  readonly jobs: QueueWithDeadLetters
  readonly records: QueueWithDeadLetters
  /** `null`: no webhook is configured. */
  readonly webhook: Pick<Webhook, 'deadLetters' | 'retries'> | null
  readonly functions: readonly LambdaFunction[]
  /** The one among them that a schedule calls. */
  readonly scheduled: LambdaFunction
  readonly dispatch: DispatchWatched
  readonly oldestHours: number
  /** Receives of jobs for another model than `modelId`. */
  readonly otherModelJobs: IMetric
  readonly modelId: string
}

export interface DispatchWatched {
  /** Metric of which dispatch emits a value at each check. */
  readonly heartbeat: IMetric
  /** Schedule that invokes dispatch. The alarm is created after it, because an earlier alarm would fire at once. */
  readonly schedule: IConstruct
  readonly cannotStart: IMetric
  readonly budgetReached: IMetric
  /** 0: no limit. */
  readonly maxUsdPerDay: number
}

const period = Duration.minutes(5)
/**
 * SQS's numbers of messages are approximate: for a minute they may show one that is not there, or miss one that is. So
 * two periods of three decide.
 */
const APPROXIMATE = { periods: 3, breaching: 2 } as const
/**
 * A role that was made a moment ago is refused at times: IAM's changes take seconds to be known everywhere. Dispatch is
 * called every minute from its first on, and a fault that lasts shows in every period.
 */
const LASTING = { periods: 3, breaching: 2 } as const
/** Metrics out of logs are late by a minute or two, so that one silent period may be none. */
const SILENT_PERIODS = 2
/** A retry now and then is usual: a receiver is deployed anew, or a connection breaks. */
const RECEIVER_DOWN_PERIODS = 3
/** A machine that boots, its image, its model and the first clip, and as long again. */
const NOTHING_DONE_PERIODS = 6

const held = (queue: Queue): IMetric =>
  new MathExpression({
    expression: 'visible + inFlight',
    usingMetrics: {
      visible: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period }),
      // Messages that a reader receives for a moment are still in the queue.
      inFlight: queue.metricApproximateNumberOfMessagesNotVisible({ statistic: 'Maximum', period }),
    },
    period,
  })

/** Alarms that an operator has to check. Each states what it means and where to look. */
export class Alarms extends Construct {
  private readonly topic: Topic

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id)
    const { topic, drops, jobs, records, webhook, functions, scheduled, dispatch } = props
    const { oldestHours, otherModelJobs, modelId } = props
    this.topic = topic
    this.alarm('JobsFailedForGood', {
      metric: held(jobs.deadLetters),
      above: 0,
      ...APPROXIMATE,
      text: 'jobs failed for good. svd redrive --dry-run lists them, svd status JOB tells why; svd redrive brings them back',
    })
    this.alarm('DropsFailedForGood', {
      metric: held(drops.deadLetters),
      above: 0,
      ...APPROXIMATE,
      text: 'dropped objects could not be looked at. The log of ingest tells why; redrive them in the console of SQS',
    })
    this.alarm('EventsFailedForGood', {
      metric: held(records.deadLetters),
      above: 0,
      ...APPROXIMATE,
      text: 'ended requests could not be announced. The log of notify tells why; redrive them in the console of SQS',
    })
    if (webhook !== null) this.watchWebhook(webhook)
    this.alarm('JobsWaitLong', {
      metric: jobs.queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period }),
      above: oldestHours * 3600,
      text: `a job has been waiting for over ${oldestHours} hours. Raise svd:maxWorkers, or see what workers do`,
    })
    this.alarm('JobsOfAnotherModel', {
      metric: otherModelJobs,
      above: 0,
      text: `jobs wait for another model than ${modelId}, which the workers have. svd status tells which; deploy that svd:modelId until they are done, or cancel them`,
    })
    this.alarm('NothingDone', {
      metric: new MathExpression({
        label: 'clips that wait while none is done',
        expression: 'IF(done > 0, 0, backlog)',
        usingMetrics: {
          backlog: jobs.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Minimum', period }),
          // A message is deleted when its result is there, and not before. SQS counts from the first day on; workers
          // say nothing before they have done something.
          done: jobs.queue.metricNumberOfMessagesDeleted({ statistic: 'Sum', period }),
        },
        period,
      }),
      above: 0,
      periods: NOTHING_DONE_PERIODS,
      text: 'clips wait and none is done: no Spot, no quota, or workers that do not start. svd doctor --aws looks',
    })
    this.watchDispatch(dispatch)
    for (const lambda of functions) {
      const name = lambda.node.scope!.node.id
      this.alarm(`${name}Errors`, {
        metric: lambda.metricErrors({ period }),
        above: 0,
        ...(lambda === scheduled ? LASTING : {}),
        text: `${name} failed; its log tells why`,
      })
      this.alarm(`${name}Throttles`, {
        metric: lambda.metricThrottles({ period }),
        above: 0,
        periods: 3,
        text: `${name} is kept from running: raise the concurrency of Lambda in this account`,
      })
    }
  }

  private watchWebhook({ deadLetters, retries }: Pick<Webhook, 'deadLetters' | 'retries'>): void {
    this.alarm('WebhookFails', {
      metric: retries,
      above: 0,
      periods: RECEIVER_DOWN_PERIODS,
      text: 'the receiver at svd:webhookUrl refuses events or answers later than in five seconds. EventBridge tries each for 24 hours; see the receiver',
    })
    this.alarm('WebhookFailedForGood', {
      metric: held(deadLetters),
      above: 0,
      ...APPROXIMATE,
      text: 'events were not delivered to svd:webhookUrl, and wait for 14 days in the queue WebhookDeadLetterQueueUrl. docs/events.md tells how to deliver them again',
    })
  }

  private watchDispatch({
    heartbeat,
    schedule,
    cannotStart,
    budgetReached,
    maxUsdPerDay,
  }: DispatchWatched): void {
    // "breaching: Missing data points are treated as 'bad' and breaching the threshold" (CloudWatch user guide,
    // configuring how alarms treat missing data): silence rings, and no value does.
    const silent = new Alarm(this, 'DispatchSilent', {
      metric: heartbeat,
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: SILENT_PERIODS,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription:
        'svd-batch: dispatch has not looked at the queue for ten minutes, so workers of ECS are neither started nor ended. Its log tells why; see its schedule in EventBridge.',
    })
    silent.node.addDependency(schedule)
    silent.addAlarmAction(new SnsAction(this.topic))
    this.alarm('WorkersCannotStart', {
      metric: cannotStart,
      above: 0,
      text: 'clips wait, and workers fail to start or do not come: no model, a failing image, no quota or no Spot. svd status tells why and when dispatch tries again',
    })
    if (maxUsdPerDay === 0) return
    this.alarm('BudgetReached', {
      metric: budgetReached,
      above: 0,
      text: `machines of this day cost svd:maxUsdPerDay (${maxUsdPerDay} USD, estimated): workers end, and start again at midnight UTC. Raise the key to go on before`,
    })
  }

  private alarm(
    id: string,
    props: {
      readonly metric: IMetric
      readonly above: number
      readonly text: string
      /** Default: one. */
      readonly periods?: number
      /** Count of periods that have to be above the threshold; default: all. */
      readonly breaching?: number
    },
  ): void {
    const alarm = new Alarm(this, id, {
      metric: props.metric,
      threshold: props.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.periods ?? 1,
      ...(props.breaching === undefined ? {} : { datapointsToAlarm: props.breaching }),
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `svd-batch: ${props.text}.`,
    })
    alarm.addAlarmAction(new SnsAction(this.topic))
  }
}
