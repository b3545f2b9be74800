import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../../shared/clock.ts'
import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import type { MessageQueue } from '../../../shared/ports/message-queue.ts'
import { openAwsServices } from '../../../worker/aws/aws-services.ts'
import { jobIdLike } from '../../fixtures/a-job-message.ts'
import { aPng } from '../../fixtures/images.ts'
import { aFailure, anOutput, aResult, aStatus } from '../../fixtures/job-records.ts'
import { aLargePng } from '../../fixtures/rights/a-large-png.ts'
import { aPipeline, type Pipeline } from '../../fixtures/rights/a-pipeline.ts'
import { actAs } from '../../fixtures/rights/act-as.ts'
import type { WireRequest } from '../../fixtures/rights/guarded-endpoint.ts'
import type { NeededRight } from '../../fixtures/rights/needed-right.ts'
import { serviceOf } from '../../fixtures/rights/needed-rights.ts'
import { runIngest } from '../../fixtures/rights/run-ingest.ts'
import { createTwiceInParts } from '../../fixtures/rights/store-in-parts.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { DEMO_DIR, demoRecord } from '../models/a-pushed-model.ts'
import { runCommandLine } from './a-command-line.ts'
import { commandTable } from './command-table.ts'

const HOOK_MS = 120_000

/** Answers as STS and Service Quotas of an account without a quota of its own. */
const answerAsAccount = (request: WireRequest) => {
  if (serviceOf(request) === 'sts') {
    const found =
      '<Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>U</UserId><Account>123456789012</Account>'
    const result = `<GetCallerIdentityResult>${found}</GetCallerIdentityResult>`
    return { status: 200, body: `<GetCallerIdentityResponse>${result}</GetCallerIdentityResponse>` }
  }
  return String(request.headers['x-amz-target']).endsWith('.GetServiceQuota')
    ? { status: 400, body: '{"__type":"NoSuchResourceException","message":"none"}' }
    : { status: 200, body: '{"Quota":{"Value":64}}' }
}

/** Jobs that have ended, as workers leave them: succeeded; failed, with a dead-letter message and without one. */
const DONE = jobIdLike('d0')
const LETTERED = aFailure({}, { jobId: jobIdLike('f1') })
const LETTERLESS = aFailure({ class: 'quality' }, { jobId: jobIdLike('f2') })

const putEndedJobs = async ({ output, put, deadLetters }: Pipeline): Promise<void> => {
  const done = aResult({ jobId: DONE })
  const { video, poster } = anOutput(DONE)
  for (const result of [done, LETTERED, LETTERLESS]) await put(output, resultKey(result.job_id), result)
  await put(output, video.key, Buffer.from('video'))
  for (const key of [poster.key, done.job.image.key]) await put(output, key, await aPng())
  await deadLetters.send([{ body: JSON.stringify(LETTERED.job), groupId: 'images' }], unaborted)
}

const putFiles = async (folder: string): Promise<void> => {
  await mkdir(path.join(folder, 'a'))
  await writeFile(path.join(folder, 'a', 'cup.png'), await aPng())
  await writeFile(path.join(folder, 'noise.png'), await aLargePng())
  const manifest = { items: [{ image: 'images/a/cup.png', parameters: { seed: 9 } }] }
  await writeFile(path.join(folder, 'sweep.json'), JSON.stringify(manifest))
  const seeds = Array.from({ length: 101 }, (_, index) => index + 100)
  const many = { items: [{ image: 'images/a/cup.png' }], grid: { seed: seeds } }
  await writeFile(path.join(folder, 'many.json'), JSON.stringify(many))
}

/** Removes all messages. A job without a message and with an old status is lost, so `watch` ends. */
const empty = async (queue: MessageQueue): Promise<void> => {
  const options = { maxMessages: 10, visibilitySeconds: 60, waitSeconds: 0 }
  for (;;) {
    const messages = await queue.receive(options, unaborted)
    if (messages.length === 0) return
    for (const { receiptHandle } of messages) await queue.remove(receiptHandle, unaborted)
  }
}

const LONG_WAIT_MS = 30_000

/** The same clock, except that long waits end at once. */
const withoutLongWaits = (clock: Clock): Clock => {
  let passedMs = 0
  return {
    now: () => new Date(clock.now().getTime() + passedMs),
    elapsedMs: () => clock.elapsedMs() + passedMs,
    async sleep(ms, signal) {
      if (ms < LONG_WAIT_MS) return await clock.sleep(ms, signal)
      signal.throwIfAborted()
      passedMs += ms
    },
  }
}

describe('the AWS rights that svd commands need', () => {
  const needs = new Map<string, NeededRight[]>()
  const failed: string[] = []

  beforeAll(async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'svd-test-'))
    await using pipeline = await aPipeline()
    await using _ = runIngest(pipeline, await demoRecord())
    await putFiles(folder.path)
    const file = (name: string): string => path.join(folder.path, name)

    /** Acts with every right. Adds the rights that the act needed to those of `name`. */
    const record = async (name: string, act: (at: string) => Promise<unknown>): Promise<void> => {
      await using acting = await actAs(pipeline.url, { rights: null, answer: answerAsAccount })
      await act(acting.url)
      failed.push(...acting.refused)
      needs.set(name, [...(needs.get(name) ?? []), ...acting.needed])
    }
    const svdEnding = async (exitCode: number, name: string, ...args: readonly string[]): Promise<string> => {
      let stdout = ''
      await record(name, async (at) => {
        const opened = openAwsServices({ ...pipeline.clientConfig, endpoint: at })
        const services = { ...opened, clock: withoutLongWaits(opened.clock) }
        const environment = pipeline.environment(at)
        const ended = await runCommandLine([...name.split(' '), ...args], { environment, services })
        if (ended.exitCode !== exitCode)
          failed.push(`svd ${name} ${args.join(' ')}: ${ended.stdout}${ended.stderr}`)
        stdout = ended.stdout
      })
      return stdout
    }
    const svd = (name: string, ...args: readonly string[]) => svdEnding(0, name, ...args)
    const giveUpParts = (name: string, bucket: string, key: string): Promise<void> =>
      record(name, (at) => createTwiceInParts(pipeline, at, { bucket, key }))

    for (const _ of ['first', 'again']) await svd('models push', DEMO_DIR)
    await giveUpParts('models push', 'svd-models', 'models/large/unet.safetensors')
    await svd('models list')
    const image = [file('a/cup.png'), '--prefix', 'p', '--json']
    const submitted = await svd('submit', ...image)
    const [{ job_id: jobId }] = JSON.parse(submitted).jobs
    await svd('submit', file('sweep.json'), '--images', folder.path)
    await svd('submit', file('noise.png'))
    await svd('submit', file('many.json'))
    await giveUpParts('submit', 'svd-input', 'images/large.png')
    await svd('rerun', jobId, '--seed', '7')
    await svd('batches')
    await svd('status')
    await svd('status', jobId)
    await svd('status', '--manifest', 'images/p/cup.png')
    const quietSince = new Date(Date.now() - 3_600_000).toISOString()
    const status = aStatus({ jobId, updated_at: quietSince })
    await pipeline.put(pipeline.output, statusKey(jobId), status)
    await empty(pipeline.jobs)
    const patient = ['--interval', '31']
    await svdEnding(1, 'submit', ...image, '--wait', ...patient)
    await svdEnding(1, 'watch', jobId, ...patient)
    await svd('cancel', jobId)
    await svd('cancel', '--manifest', 'images/p/cup.png')
    await pipeline.put(pipeline.output, resultKey(jobId), aFailure({}, { jobId }))
    await svd('submit --retry-failed', ...image)

    await pipeline.put(pipeline.output, resultKey(jobId), aResult({ jobId, outputs: [anOutput(DONE)] }))
    await putEndedJobs(pipeline)
    await svd('submit', ...image, '--download', file('videos'))
    await svd('download', DONE, '--to', file('clips'))
    await svd('download', '--prefix', 'p', '--to', file('clips'))
    await svd('watch', DONE)
    await svd('watch', '--manifest', 'images/p/cup.png')
    await svd('report', '--output', file('sheet.html'))
    await svd('report', '--output', file('one.html'), '--manifest', 'images/p/cup.png')
    await svd('redrive')
    await svd('redrive', '--job', LETTERLESS.job_id)
    await svd('redrive', '--class', 'quality', '--manifest', 'images/p/cup.png')
    await svd('doctor --aws')
  }, HOOK_MS)

  test('are recorded from commands that all ended as expected', () => {
    expect(failed).toEqual([])
  })

  test('equal the table in command-rights.md', async () => {
    await expect(commandTable(needs)).toMatchFileSnapshot('command-rights.md')
  })

  test('include s3:DeleteObject only for commands that bring a job back', () => {
    const deleting = [...needs].filter(([, needed]) =>
      needed.some(({ action }) => action === 's3:DeleteObject'),
    )

    expect(deleting.map(([command]) => command)).toEqual(['submit --retry-failed', 'redrive'])
  })
})
