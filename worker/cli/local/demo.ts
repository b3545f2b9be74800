import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommandContext } from '../command-context.ts'
import { runReport } from '../jobs/report.ts'
import { runSubmit } from '../jobs/submit.ts'
import { DEMO_CHECKPOINT } from './local.ts'
import { startLocal } from './start-local.ts'
import { localWorkerSettings } from './worker-settings.ts'

const FOLDER = 'out'
/** The limits of these checks are of this checkpoint's clips. */
const STRICT = 'likeness=fail,seams=fail'
const SAMPLES = path.relative('', fileURLToPath(new URL('../../demo-samples', import.meta.url)))

/**
 * `svd demo`: the whole pipeline on this machine. A photo is dropped into a bucket, a manifest sweeps the motion of two
 * more, ingest makes jobs of them, a worker renders them, and a page shows the clips. All of it is in the package; the
 * clips go to ./out.
 */
export const runDemo = async (context: CommandContext): Promise<number> => {
  const { stdout } = context
  await using local = await startLocal(
    {
      ...{ port: 0, checkpoint: DEMO_CHECKPOINT, worker: localWorkerSettings({ qualityChecks: STRICT }) },
      onCheck: ({ status, name, found }) => status === 'fail' && stdout.write(`${name}: ${found}\n`),
      onIngest() {},
      onEvent() {},
      announce: null,
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
  await runReport([], { output: page, title: 'svd-batch demo', limit: '100' }, inLocal)
  stdout.write(`\nThe videos are in ${path.resolve(FOLDER)}. They play in ${path.resolve(page)}\n`)
  return exitCode
}
