import { Size } from 'aws-cdk-lib'
import { AwsLogDriverMode, LogDriver } from 'aws-cdk-lib/aws-ecs'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'

/** Log driver for a worker's lines, which include its metrics. */
export const workerLog = (logGroup: ILogGroup): LogDriver =>
  LogDriver.awsLogs({
    logGroup,
    streamPrefix: 'worker',
    // A log that is slow to take lines must not stop a lease from being extended. What does not fit is lost.
    mode: AwsLogDriverMode.NON_BLOCKING,
    maxBufferSize: Size.mebibytes(25),
  })
