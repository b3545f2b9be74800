import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { jobMessageSchema } from '../../../../shared/contracts/job-message.ts'
import { aPng } from '../../../fixtures/images.ts'
import { aFailure } from '../../../fixtures/job-records.ts'
import { aModelRecord } from '../../../fixtures/model-record.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { anEndpoint } from '../an-endpoint.ts'

const signal = new AbortController().signal

test('svd submit, status, cancel, watch, redrive and report handle a job over HTTP, and their processes end', async () => {
  const folder = await temporaryDir()
  await writeFile(path.join(folder, 'cup.png'), await aPng())
  const { svd, output, jobs, deadLetters } = await anEndpoint(aModelRecord())

  const submitted = await svd('submit', path.join(folder, 'cup.png'), '--motion-bucket-id', '60', '--json')
  expect(submitted.exitCode).toBe(0)
  const { job_id: jobId } = JSON.parse(submitted.stdout).jobs[0]
  expect((await svd('status', jobId.slice(0, 10))).stdout).toContain('motion_bucket_id       60')
  expect(JSON.parse((await svd('cancel', jobId, '--json')).stdout).jobs).toMatchObject([
    { outcome: 'requested' },
  ])

  // A worker writes the final failure of the job.
  const [message] = await jobs.receive({ maxMessages: 1, waitSeconds: 1, visibilitySeconds: 60 }, signal)
  const job = jobMessageSchema.parse(JSON.parse(message?.body ?? ''))
  const record = new TextEncoder().encode(JSON.stringify({ ...aFailure(), job_id: jobId, job }))
  await output.create(resultKey(jobId), record, { contentType: 'application/json' }, signal)
  await deadLetters.send([{ body: message?.body ?? '', groupId: job.group }], signal)
  await jobs.remove(message?.receiptHandle ?? '', signal)
  const watched = await svd('watch', jobId)
  expect([watched.exitCode, watched.stdout]).toEqual([1, expect.stringMatching(/1 failed$/)])

  const redriven = await svd('redrive')
  expect([redriven.exitCode, redriven.stdout]).toEqual([0, expect.stringMatching(/1 job brought back$/)])
  expect(await jobs.depth(signal)).toMatchObject({ visible: 1, inFlight: 0 })
  expect(await deadLetters.depth(signal)).toMatchObject({ visible: 0, inFlight: 0 })
  const page = path.join(folder, 'sheet.html')
  expect((await svd('report', '--output', page)).stdout).toMatch(/1 job, 0 clips/)
  expect(JSON.parse((await svd('status', '--json')).stdout)).toMatchObject({
    jobs: [{ job_id: jobId, state: 'queued' }],
    queue: { visible: 1 },
    dead_letters: { visible: 0 },
  })
})
