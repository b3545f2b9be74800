import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJobStatuses } from '../../client/tracking/read-job-statuses.ts'
import type { CommandContext } from '../command-context.ts'
import { runReport } from '../jobs/report.ts'
import { selectJobs } from '../jobs/selection.ts'
import { runSubmit } from '../jobs/submit.ts'
import { bestFirst } from './best-first.ts'
import { demoDurationText } from './demo-duration.ts'
import type { DemoOptions } from './demo-options.ts'
import { DEMO_CHECKPOINT } from './local.ts'
import { openPage } from './open-page.ts'
import { type LocalPipeline, startLocal } from './start-local.ts'
import { localWorkerSettings } from './worker-settings.ts'

const FOLDER = 'out'
/** The limits of these checks are of this checkpoint's clips. */
const STRICT = 'likeness=fail,seams=fail'
const SAMPLES = path.relative('', fileURLToPath(new URL('../../demo-samples', import.meta.url)))

/** More than the demo has. */
const LIMIT = '100'

const jobsBestFirst = async (
  { endpoint, services }: LocalPipeline,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const outputs = services.openBucket(endpoint.deployment.outputBucket)
  const now = services.clock.now()
  const { jobIds } = await selectJobs(
    outputs,
    [],
    { limit: LIMIT },
    { otherwise: 'all', now, note() {}, signal },
  )
  return bestFirst(await readJobStatuses(outputs, jobIds, signal)).map(({ jobId }) => jobId)
}

/**
 * `svd demo`: the whole pipeline on this machine. A photo is dropped into a bucket, a manifest sweeps the motion of two
 * more, ingest makes jobs of them, a worker renders them, and a page shows the clips. All of it is in the package; the
 * clips go to ./out. On a desktop the page opens by itself.
 */
export const runDemo = async (options: DemoOptions, context: CommandContext): Promise<number> => {
  const { stdout, signal } = context
  stdout.write(`${demoDurationText(availableParallelism())}\n`)
  await using local = await startLocal(
    {
      ...{ port: 0, checkpoint: DEMO_CHECKPOINT, worker: localWorkerSettings({ qualityChecks: STRICT }) },
      onCheck: ({ status, name, found }) => status === 'fail' && stdout.write(`${name}: ${found}\n`),
      onIngest() {},
      onEvent() {},
      ...{ announce: null, persistentState: null, fetches: false },
    },
    context,
  )
  const inLocal = {
    ...context,
    environment: { ...context.environment, ...local.endpoint.environment },
    openServices: async () => ({ ...local.services, async [Symbol.asyncDispose]() {} }),
  }
  stdout.write(`S3 and SQS are at ${local.endpoint.url}, in this process.\n`)
  const files = ['coffee.png', 'motion-sweep.json'].map((name) => path.join(SAMPLES, name))
  const submission = { images: SAMPLES, prefix: 'demo', download: FOLDER } as const
  const exitCode = await runSubmit(files, { ...submission, reportTimeout: '2m', interval: '0.5' }, inLocal)
  const page = path.join(FOLDER, 'index.html')
  const jobIds = await jobsBestFirst(local, signal)
  await runReport(jobIds, { output: page, title: 'svd-batch demo', limit: LIMIT }, inLocal, false)
  stdout.write(`\nThe videos are in ${path.resolve(FOLDER)}. They play in ${path.resolve(page)}\n`)
  if (options.open) stdout.write(`${await openPage(path.resolve(page), context)}\n`)
  return exitCode
}
