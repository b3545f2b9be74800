import { describe, expect, test } from 'vitest'
import { jobsBeforeText } from '../../../../worker/cli/jobs/jobs-before-text.ts'
import { retriedText } from '../../../../worker/cli/jobs/retry-failed.ts'
import { statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { aJobMessage, jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { OUTPUTS_ONLY } from '../fake-services.ts'
import { aFolder, jobOf, pixels, withIngest } from './with-ingest.ts'

const KEY = 'images/p/cup.png'
const { job_id: JOB } = aJobMessage({ sourceKey: KEY })
const SHORT = JOB.slice(0, 12)

/** An image whose job is known, and the command that submits it. */
const submitKnown = async ({ ended = true }: { readonly ended?: boolean } = {}) => {
  const { at } = await aFolder({ 'cup.png': await pixels('png') })
  const setup = withIngest({ says: (key) => ({ jobs: [jobOf(key, { done_before: ended })] }) })
  const submit = (...args: readonly string[]) =>
    setup.run(['submit', at('cup.png'), '--prefix', 'p', ...args])
  const uploaded = `${at('cup.png')} is at s3://in/${KEY}\n`
  return { ...setup, submit, at, uploaded }
}

describe('svd submit of a known job', () => {
  test('prints why the job failed before, and how to retry it', async () => {
    const { submit, putResult, jobs, uploaded } = await submitKnown()
    await putResult(
      aFailure({ class: 'quality', reason: 'frozen: all frames are equal' }, { sourceKey: KEY }),
    )
    const { exitCode, stdout, stderr } = await submit()
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `${JOB}  s3://out/jobs/${JOB}/result.json  ${KEY}  (ended before)\n`,
    })
    expect(stderr).toBe(
      `${uploaded}1 job has failed before: nothing is rendered. To try again, give --retry-failed, or ` +
        `npx svd redrive --job ${SHORT}\n${SHORT}  p/cup.png  failed as quality: frozen: all frames are equal\n`,
    )
    expect(jobs.messages()).toEqual([])
  })

  test('brings a failed job back with --retry-failed', async () => {
    const { submit, putResult, jobs, uploaded } = await submitKnown()
    const failure = aFailure({ class: 'quality', reason: 'frozen' }, { sourceKey: KEY })
    await putResult(failure)
    const { exitCode, stderr } = await submit('--retry-failed')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `${uploaded}1 job has failed before\n${SHORT}  p/cup.png  failed as quality: frozen\n1 job brought back\n`,
    })
    expect(jobs.messages().map(({ body }) => JSON.parse(body))).toEqual([failure.job])
  })

  test('keeps the result of a succeeded job with --retry-failed', async () => {
    const { submit, putResult, jobs, uploaded } = await submitKnown()
    await putResult(aResult({ sourceKey: KEY }))
    const { exitCode, stderr } = await submit('--retry-failed')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `${uploaded}1 job succeeded before: nothing is rendered, its clip is there\n`,
    })
    expect(jobs.messages()).toEqual([])
  })

  test('prints that the job was cancelled before, and how to redrive it', async () => {
    const { submit, putResult, uploaded } = await submitKnown()
    await putResult(aResult({ sourceKey: KEY, state: 'cancelled' }))
    expect((await submit('--retry-failed')).stderr).toBe(
      `${uploaded}1 job was cancelled before: nothing is rendered. To render, npx svd redrive --job ${SHORT}\n` +
        `${SHORT}  p/cup.png  cancelled\n`,
    )
  })

  test('suggests a command with the options of the deployment that it was given', async () => {
    const { submit, putResult } = await submitKnown()
    await putResult(aFailure({ class: 'quality', reason: 'frozen' }, { sourceKey: KEY }))
    const { stderr } = await submit('--output-bucket', 'out', '--jobs-queue-url', 'https://sqs/a?b')
    expect(stderr).toContain(
      `or npx svd redrive --job ${SHORT} --output-bucket out --jobs-queue-url 'https://sqs/a?b'\n`,
    )
  })

  test('suggests a command for the first five of many failed jobs', () => {
    const status = statusOfResultRecord(aFailure({ class: 'quality', reason: 'frozen' }, { sourceKey: KEY }))
    const failed = Array.from({ length: 6 }, (_, index) => ({ ...status, jobId: jobIdLike(`${index}`) }))
    const before = { succeeded: 0, failed, cancelled: [], underway: [] }
    const [line] = jobsBeforeText(before, { retries: false, quiet: false, options: {} }).split('\n')
    const ids = [0, 1, 2, 3, 4].map((digit) => String(digit).padEnd(12, '0'))
    expect(line).toBe(
      '6 jobs have failed before: nothing is rendered. To try again, give --retry-failed, or ' +
        `for the first 5: npx svd redrive --job ${ids.join(' ')}`,
    )
  })

  test('suggests to redrive a job that --retry-failed did not bring back', () => {
    const text = retriedText({ broughtBack: 1, left: [JOB] }, { outputBucket: 'my bucket' })
    expect(text).toBe(
      `1 job brought back\n${SHORT}: redrive again: npx svd redrive --job ${SHORT} --output-bucket 'my bucket'\n`,
    )
  })

  test('prints that an earlier upload ordered the job, and its state', async () => {
    const { submit, putStatus, uploaded } = await submitKnown({ ended: false })
    const job = aJobMessage({ sourceKey: KEY })
    const origin = { ...job.origin, key: 'images/earlier/cup.png' }
    await putStatus(aStatus({ job: { ...job, origin }, state: 'rendering', attempt: 1 }))
    expect((await submit()).stderr).toBe(
      `${uploaded}1 job is in the queue since an earlier upload: 1 rendering\n`,
    )
  })

  test('prints nothing about a job that this upload ordered', async () => {
    const { submit, putStatus, uploaded } = await submitKnown({ ended: false })
    await putStatus(aStatus({ sourceKey: KEY }))
    expect((await submit()).stderr).toBe(uploaded)
  })

  test('prints nothing with --quiet about a job that succeeded before', async () => {
    const { submit, putResult } = await submitKnown()
    await putResult(aResult({ sourceKey: KEY }))
    expect((await submit('--quiet')).stderr).toBe('')
  })

  test('lists the job in known_before with --json', async () => {
    const { submit, putResult } = await submitKnown()
    await putResult(aFailure({ class: 'quality', reason: 'frozen' }, { sourceKey: KEY }))
    expect(JSON.parse((await submit('--json')).stdout).known_before).toEqual({
      succeeded: 0,
      failed: [{ job_id: JOB, class: 'quality', reason: 'frozen' }],
      cancelled: [],
      underway: [],
    })
  })

  test('refuses --retry-failed before the upload when the queues are not given', async () => {
    const { at, run, inputs } = await submitKnown()
    const environment = { ...OUTPUTS_ONLY.environment, SVD_INPUT_BUCKET: 'in' }
    const { exitCode, stderr } = await run(['submit', at('cup.png'), '--retry-failed'], { environment })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--jobs-queue-url or SVD_JOBS_QUEUE_URL')
    expect(inputs.keys()).toEqual([])
  })
})
