import {
  type BatchClient,
  BatchServiceException,
  DescribeJobsCommand,
  type JobStatus,
  ListJobsCommand,
  paginateListJobs,
  SubmitJobCommand,
} from '@aws-sdk/client-batch'
import { type BatchJob, type BatchJobState, type BatchJobs, SubmitRefusedError } from '../ports/batch-jobs.ts'
import { abortable } from './abortable.ts'
import { answered } from './answered.ts'

export interface BatchJobsOptions {
  readonly client: BatchClient
  /** Submits: it tries each request once. */
  readonly clientThatTriesOnce: BatchClient
  /** Names or ARNs. */
  readonly jobQueue: string
  readonly jobDefinition: string
}

/** In the order in which a job goes through them: one that moves on meanwhile is found twice rather than not at all. */
const ACTIVE_STATUSES: readonly JobStatus[] = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING']

const MAX_DESCRIBED = 100

/** "Host EC2 (instance i-…) terminated." (AWS Batch user guide, automated job retries). */
const RECLAIMED = /^Host EC2/

interface JobSaid {
  readonly status?: JobStatus | undefined
  readonly statusReason?: string | undefined
  readonly container?:
    | { readonly exitCode?: number | undefined; readonly reason?: string | undefined }
    | undefined
}

/** `Essential container in task exited; exit code 1`: as much of it as Batch says. */
const reasonOf = ({ statusReason, container }: JobSaid): string => {
  const exit = container?.exitCode === undefined ? undefined : `exit code ${container.exitCode}`
  const said = [statusReason, container?.reason, exit].filter((part) => part !== undefined && part !== '')
  return said.length === 0 ? 'AWS Batch gives no reason' : said.join('; ')
}

const stateOf = (job: JobSaid): BatchJobState => {
  const status = answered(job.status, 'status')
  if (status === 'SUCCEEDED') return { type: 'succeeded' }
  if (status !== 'FAILED') return { type: 'active', isRunning: status === 'RUNNING' }
  return { type: 'failed', reason: reasonOf(job), isReclaimed: RECLAIMED.test(job.statusReason ?? '') }
}

const statusOf = (error: BatchServiceException): number => error.$metadata.httpStatusCode ?? 0

/** With 4xx Batch says that it did not do it; 429 is TooManyRequestsException, which has no class of its own. */
const isRefusal = (error: unknown): error is BatchServiceException =>
  error instanceof BatchServiceException && statusOf(error) >= 400 && statusOf(error) < 500

const isThrottling = (error: BatchServiceException): boolean =>
  statusOf(error) === 429 || /^(TooManyRequests|Throttling)/.test(error.name)

/** Needs `batch:ListJobs`, `batch:DescribeJobs` and `batch:SubmitJob`. */
export const openBatchJobs = ({
  client,
  clientThatTriesOnce,
  jobQueue,
  jobDefinition,
}: BatchJobsOptions): BatchJobs => {
  const list = async (jobStatus: JobStatus, abortSignal: AbortSignal): Promise<readonly BatchJob[]> => {
    const found: BatchJob[] = []
    for await (const page of paginateListJobs({ client }, { jobQueue, jobStatus }, { abortSignal })) {
      for (const { jobId, jobName } of page.jobSummaryList ?? []) {
        const isRunning = jobStatus === 'RUNNING'
        found.push({ jobId: answered(jobId, 'jobId'), name: answered(jobName, 'jobName'), isRunning })
      }
    }
    return found
  }

  return {
    listActive: (signal) =>
      abortable(signal, async () => {
        const byId = new Map<string, BatchJob>()
        for (const status of ACTIVE_STATUSES) {
          for (const job of await list(status, signal)) byId.set(job.jobId, job)
        }
        return [...byId.values()]
      }),

    describe: (jobIds, signal) =>
      abortable(signal, async () => {
        const states = new Map<string, BatchJobState>()
        for (let first = 0; first < jobIds.length; first += MAX_DESCRIBED) {
          const command = new DescribeJobsCommand({ jobs: jobIds.slice(first, first + MAX_DESCRIBED) })
          const { jobs = [] } = await client.send(command, { abortSignal: signal })
          for (const job of jobs) states.set(answered(job.jobId, 'jobId'), stateOf(job))
        }
        return states
      }),

    find: (name, signal) =>
      abortable(signal, async () => {
        // Of any status. It knows no difference between capitals and others.
        const command = new ListJobsCommand({ jobQueue, filters: [{ name: 'JOB_NAME', values: [name] }] })
        const { jobSummaryList = [] } = await client.send(command, { abortSignal: signal })
        const job = jobSummaryList.find(({ jobName }) => jobName === name)
        if (job === undefined) return null
        return { jobId: answered(job.jobId, 'jobId'), state: stateOf(job) }
      }),

    submit: (name, signal) =>
      abortable(signal, async () => {
        try {
          const command = new SubmitJobCommand({ jobName: name, jobQueue, jobDefinition })
          const { jobId } = await clientThatTriesOnce.send(command, { abortSignal: signal })
          return answered(jobId, 'jobId')
        } catch (error) {
          if (!isRefusal(error)) throw error
          throw new SubmitRefusedError(`${error.name}: ${error.message}`, isThrottling(error), {
            cause: error,
          })
        }
      }),
  }
}
