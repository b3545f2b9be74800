import { Duration, Stack, type StackProps } from 'aws-cdk-lib'
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import { MAX_JOB_RECEIVES } from '../../shared/contracts/job-message.ts'
import { LEASE_OPTIONS } from '../../worker/queue/lease.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { Dispatch } from '../functions/dispatch.ts'
import { Ingest } from '../functions/ingest.ts'
import type { TracedFunction } from '../functions/traced-function.ts'
import { Network } from '../network/network.ts'
import { makeAlarmTopic } from '../observability/alarm-topic.ts'
import { Alarms } from '../observability/alarms.ts'
import { PipelineDashboard } from '../observability/dashboard.ts'
import { pipelineMetrics } from '../observability/pipeline-metrics.ts'
import { BatchStartFailures, EcsStartFailures } from '../observability/start-failures.ts'
import { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import { BatchWorkers } from '../workers/batch-workers.ts'
import { EcsScaling } from '../workers/ecs-scaling.ts'
import { EcsWorkers } from '../workers/ecs-workers.ts'
import { batchWorkersActive, fleetMetrics, workersOrdered } from '../workers/fleet-metrics.ts'
import type { WorkerFleetProps } from '../workers/worker-fleet.ts'
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
    const { buckets, drops, key } = storage
    const jobs = new QueueWithDeadLetters(this, 'Jobs', {
      visibility: Duration.seconds(LEASE_OPTIONS.visibilitySeconds),
      maxReceiveCount: MAX_JOB_RECEIVES,
      key,
    })
    const { ingest } = new Ingest(this, 'Ingest', { config, buckets, drops, jobs: jobs.queue, key })
    const network = new Network(this, 'Network', { config, logs: buckets.logs })
    const topic = makeAlarmTopic(this, 'AlarmTopic', { email: config.alarmEmail, key })
    const fleet = { config, network, buckets, jobs, key }
    const ecs = config.compute === 'batch' ? null : this.addEcs(fleet, topic)
    const batch = config.compute === 'ec2' ? null : this.addBatch(fleet, topic)
    const metrics = pipelineMetrics(config.name)
    new Alarms(this, 'Alarms', {
      ...{ topic, drops, jobs },
      functions: [ingest.function, ...(batch === null ? [] : [batch.dispatch.function])],
      scheduled: batch?.dispatch.function ?? null,
      oldestHours: config.alarmHours,
      ...{ otherModelJobs: metrics.otherModelJobs, modelId: config.modelId },
    })
    const workers = [ecs, batch].flatMap((kind) => (kind === null ? [] : [kind.workerCount]))
    new PipelineDashboard(this, 'Overview', { jobs: jobs.queue, workers, metrics })
    addCommands(this, { config, buckets, jobs, topic })
  }

  private addEcs(fleet: WorkerFleetProps, topic: Topic): { readonly workerCount: IMetric } {
    const { config, jobs } = fleet
    const workers = new EcsWorkers(this, 'Ecs', fleet)
    const { group, cluster, capacity } = workers.machines
    const gpus = workersPerInstance(config.instanceTypes)
    new EcsScaling(this, 'EcsScaling', {
      ...{ config, workers },
      metrics: fleetMetrics({
        ...{ deployment: config.name, jobs: jobs.queue, group, cluster },
        capacityProviderName: capacity.capacityProviderName,
        clipsPerWorker: config.clipsPerWorker,
        gpusPerInstance: gpus,
      }),
    })
    new EcsStartFailures(this, 'EcsStartFailures', { topic, group, service: workers.service })
    return { workerCount: workersOrdered(group, gpus) }
  }

  private addBatch(
    fleet: WorkerFleetProps,
    topic: Topic,
  ): { readonly workerCount: IMetric; readonly dispatch: TracedFunction } {
    const { config, buckets, jobs, key } = fleet
    const { compute, job } = new BatchWorkers(this, 'Batch', fleet)
    const { dispatch } = new Dispatch(this, 'Dispatch', {
      ...{ config, buckets, key },
      jobs: jobs.queue,
      batchQueue: compute.queue,
      batchJob: job,
    })
    new BatchStartFailures(this, 'BatchStartFailures', { topic, queue: compute.queue })
    return { workerCount: batchWorkersActive(config.name), dispatch }
  }
}
