import { Duration, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { MAX_JOB_RECEIVES } from '../../shared/contracts/job-message.ts'
import { LEASE_OPTIONS } from '../../worker/queue/hold-lease.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { PipelineEvents } from '../events/pipeline-events.ts'
import { Webhook } from '../events/webhook.ts'
import { Dispatch } from '../functions/dispatch.ts'
import { Ingest } from '../functions/ingest.ts'
import { Notify } from '../functions/notify.ts'
import { Network } from '../network/network.ts'
import { makeAlarmTopic } from '../observability/alarm-topic.ts'
import { Alarms } from '../observability/alarms.ts'
import { PipelineDashboard } from '../observability/dashboard.ts'
import { pipelineMetrics } from '../observability/pipeline-metrics.ts'
import { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import { BatchWorkers } from '../workers/batch-workers.ts'
import { EcsWorkers } from '../workers/ecs-workers.ts'
import { batchWorkersActive, workersOrdered } from '../workers/fleet-metrics.ts'
import { workersPerInstance } from '../workers/worker-share.ts'
import { addCommands } from './commands.ts'
import type { StorageStack } from './storage-stack.ts'

export interface PipelineStackProps extends StackProps {
  readonly config: DeploymentConfig
  readonly storage: StorageStack
}

/** All that can go and come again: ingest, the queue of jobs, workers, and what tells of them. */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { config, storage, ...props }: PipelineStackProps) {
    super(scope, id, props)
    const { buckets, drops, records, key } = storage
    const jobs = new QueueWithDeadLetters(this, 'Jobs', {
      visibility: Duration.seconds(LEASE_OPTIONS.visibilitySeconds),
      maxReceiveCount: MAX_JOB_RECEIVES,
      key,
    })
    const { ingest } = new Ingest(this, 'Ingest', { config, buckets, drops, jobs: jobs.queue, key })
    const events = new PipelineEvents(this, 'Events', { key })
    const { notify } = new Notify(this, 'Notify', { config, buckets, records, events, key })
    const webhook =
      config.webhookUrl === '' ? null : new Webhook(this, 'Webhook', { config, bus: events.bus, key })
    const network = new Network(this, 'Network', { config, logs: buckets.logs })
    const topic = makeAlarmTopic(this, 'AlarmTopic', { email: config.alarmEmail, key })
    const fleet = { config, network, buckets, jobs, key }
    const ecs = config.compute === 'batch' ? null : new EcsWorkers(this, 'Ecs', fleet)
    const batch = config.compute === 'ec2' ? null : new BatchWorkers(this, 'Batch', fleet)
    const { dispatch, everyMinute } = new Dispatch(this, 'Dispatch', {
      ...{ config, buckets, key },
      jobs: jobs.queue,
      batch: batch === null ? null : { queue: batch.compute.queue, job: batch.job },
      ecs: ecs?.named ?? null,
    })
    // A new service begins with one task. Dispatch has to be there to take it back, or the service waits for a machine.
    ecs?.service.node.addDependency(everyMinute)
    const metrics = pipelineMetrics(config.name)
    new Alarms(this, 'Alarms', {
      ...{ topic, drops, jobs, records, webhook },
      functions: [ingest.function, dispatch.function, notify.function],
      scheduled: dispatch.function,
      dispatch: {
        heartbeat: metrics.dispatched,
        schedule: everyMinute,
        cannotStart: metrics.cannotStart,
        budgetReached: metrics.budgetReached,
        maxUsdPerDay: config.maxUsdPerDay,
      },
      oldestHours: config.alarmHours,
      ...{ otherModelJobs: metrics.otherModelJobs, modelId: config.modelId },
    })
    const workers = [
      ...(ecs === null ? [] : [workersOrdered(ecs.machines.group, workersPerInstance(config.instanceTypes))]),
      ...(batch === null ? [] : [batchWorkersActive(config.name)]),
    ]
    new PipelineDashboard(this, 'Overview', { jobs: jobs.queue, workers, metrics })
    addCommands(this, { config, buckets, jobs, topic, events, webhook })
  }
}
