import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling'
import type { IJobQueue } from 'aws-cdk-lib/aws-batch'
import type { Ec2Service } from 'aws-cdk-lib/aws-ecs'
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events'
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'

/** What AWS itself reports of workers and machines that do not start goes where alarms go. */
const tell = (
  scope: Construct,
  id: string,
  topic: Topic,
  description: string,
  eventPattern: EventPattern,
): void => {
  const rule = new Rule(scope, id, {
    description: `svd-batch: ${description}`,
    eventPattern,
    targets: [new SnsTopic(topic)],
  })
  acknowledge(rule, {
    'Serverless-EventBusDLQ':
      'EventBridge tries for a day; and where nothing starts, an alarm says so as well.',
  })
}

export interface EcsStartFailuresProps {
  readonly topic: Topic
  readonly service: Ec2Service
  readonly group: AutoScalingGroup
}

export class EcsStartFailures extends Construct {
  constructor(scope: Construct, id: string, { topic, service, group }: EcsStartFailuresProps) {
    super(scope, id)
    tell(this, 'Tasks', topic, 'workers of ECS do not start', {
      source: ['aws.ecs'],
      detailType: ['ECS Service Action'],
      resources: [service.serviceArn],
      detail: {
        eventName: [
          'SERVICE_TASK_START_IMPAIRED',
          'SERVICE_TASK_PLACEMENT_FAILURE',
          'SERVICE_TASK_CONFIGURATION_FAILURE',
        ],
      },
    })
    tell(this, 'Machines', topic, 'a machine could not be started: quota, Spot, or its type in this zone', {
      source: ['aws.autoscaling'],
      detailType: ['EC2 Instance Launch Unsuccessful'],
      detail: { AutoScalingGroupName: [group.autoScalingGroupName] },
    })
  }
}

export interface BatchStartFailuresProps {
  readonly topic: Topic
  readonly queue: IJobQueue
}

export class BatchStartFailures extends Construct {
  constructor(scope: Construct, id: string, { topic, queue }: BatchStartFailuresProps) {
    super(scope, id)
    tell(this, 'Jobs', topic, 'a worker of AWS Batch failed', {
      source: ['aws.batch'],
      detailType: ['Batch Job State Change'],
      detail: { jobQueue: [queue.jobQueueArn], status: ['FAILED'] },
    })
    tell(this, 'Blocked', topic, 'the queue of AWS Batch is stuck: quota, or no machine of these types', {
      source: ['aws.batch'],
      detailType: ['Batch Job Queue Blocked'],
      resources: [queue.jobQueueArn],
    })
  }
}
