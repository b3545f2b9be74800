import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { reportKey } from '../../../../shared/contracts/bucket-layout.ts'
import { noteReported } from '../../../../shared/job-index/write-upload-entries.ts'
import { aJobMessage, jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, aResult } from '../../../fixtures/job-records.ts'
import { aModelRecord } from '../../../fixtures/model-record.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { aRejectedVideo } from '../../jobs/a-rejected-video.ts'
import { fakeServices } from '../fake-services.ts'

const image = (): Promise<Buffer> =>
  sharp({ create: { width: 32, height: 16, channels: 3, background: 'red' } })
    .png()
    .toBuffer()

/** A job with a clip, a job that failed, and a job whose clip was deleted. */
const aBucket = async () => {
  const setup = fakeServices()
  const clip = await setup.putResult(aResult({ jobId: jobIdLike('aa') }))
  const { video, poster } = anOutput(clip)
  await setup.put(video.key, new TextEncoder().encode('video'), 'video/mp4')
  await setup.put(poster.key, await image(), 'image/png')
  const failed = aFailure(
    { reason: 'nothing moves' },
    { jobId: jobIdLike('bb'), sourceKey: 'images/sky.png' },
  )
  await setup.putResult(failed)
  await setup.put(failed.job.image.key, await image(), 'image/png')
  await setup.putResult(aResult({ jobId: jobIdLike('cc'), sourceKey: 'images/gone.png' }))
  return setup
}

test('svd report writes one HTML page that contains the clips', async () => {
  const folder = await temporaryDir()
  const file = path.join(folder, 'sheet.html')
  const { run } = await aBucket()
  const { exitCode, stdout, stderr } = await run(['report', '--output', file, '--title', 'My <clips>'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/sheet\.html {2}3 jobs, 1 clip, [\d.]+ kB\n$/)
  const page = await readFile(file, 'utf8')
  expect(page).toContain(`src="data:video/mp4;base64,${Buffer.from('video').toString('base64')}"`)
  expect(page.match(/src="data:image\/webp/g)).toHaveLength(1)
  expect(page.match(/poster="data:image\/webp/g)).toHaveLength(1)
  expect(page).toContain('<h1>My &lt;clips&gt;</h1>')
  expect(page).toContain('nothing moves')
  expect(page).toContain('Clip not at hand')
  expect(await readdir(folder)).toEqual(['sheet.html'])
})

test('svd report --link writes the clips beside the page', async () => {
  const folder = await temporaryDir()
  const { run } = await aBucket()
  await run(['report', '--output', path.join(folder, 'my sheet.html'), '--link'])
  const page = await readFile(path.join(folder, 'my sheet.html'), 'utf8')
  const name = `${jobIdLike('aa')}-0.mp4`
  expect(page).toContain(`src="my%20sheet-files/${name}"`)
  expect(await readFile(path.join(folder, 'my sheet-files', name), 'utf8')).toBe('video')
})

test('svd report shows rejected clips, but does not count them as clips', async () => {
  const folder = await temporaryDir()
  const setup = fakeServices()
  const rejected = aRejectedVideo('0001-1111', 'worker-1')
  const expired = aRejectedVideo('0002-2222', 'worker-2')
  const jobId = await setup.putResult(
    aFailure({ class: 'quality', reason: 'black', rejected: [rejected, expired] }),
  )
  await setup.put(rejected.video.key, new TextEncoder().encode('bad'), 'video/mp4')
  await setup.put(rejected.poster.key, await image(), 'image/png')

  const file = path.join(folder, 'sheet.html')
  const { stdout } = await setup.run(['report', '--output', file])
  await setup.run(['report', '--output', path.join(folder, 'linked.html'), '--link'])

  expect(stdout).toContain('1 job, 0 clips')
  const page = await readFile(file, 'utf8')
  expect(page).toContain(`src="data:video/mp4;base64,${Buffer.from('bad').toString('base64')}"`)
  expect(page.match(/made by worker-\d/g)).toEqual(['made by worker-1'])
  expect(await readFile(path.join(folder, 'linked-files', `${jobId}-rejected-0.mp4`), 'utf8')).toBe('bad')
})

test('svd report JOB shows only the given jobs, in the given order', async () => {
  const file = path.join(await temporaryDir(), 'sheet.html')
  const { run } = await aBucket()
  await run(['report', 'cc', 'bb', '--output', file])
  const names = [...(await readFile(file, 'utf8')).matchAll(/<h3>([^<]+)/g)].map(([, name]) => name)
  expect(names).toEqual(['gone.png', 'sky.png'])
})

test('svd report refuses more than 200 MB of clips before it downloads them', async () => {
  const folder = await temporaryDir()
  const { run, putResult } = fakeServices()
  const { job_id } = aJobMessage()
  const huge = { ...anOutput(job_id).video, size_bytes: 201_000_000 }
  await putResult(aResult({ outputs: [anOutput(job_id, 'video', { video: huge })] }))
  const { exitCode, stderr } = await run(['report', '--output', path.join(folder, 'sheet.html')])
  expect(exitCode).toBe(2)
  expect(stderr).toContain(
    '--output: would hold 201 MB of clips, more than the 200 MB that one page can; give --link',
  )
  expect(await readdir(folder)).toEqual([])
})

test('svd report counts rejected clips towards the limit of 200 MB', async () => {
  const folder = await temporaryDir()
  const { run, putResult } = fakeServices()
  const small = aRejectedVideo('0001-1111', 'worker-1')
  const rejected = [{ ...small, video: { ...small.video, size_bytes: 201_000_000 } }]
  await putResult(aFailure({ rejected }))
  const { stderr } = await run(['report', '--output', path.join(folder, 'sheet.html')])
  expect(stderr).toContain('--output: would hold 201 MB of clips')
})

test('svd report --models-bucket marks parameters that differ from the defaults of the checkpoint', async () => {
  const file = path.join(await temporaryDir(), 'sheet.html')
  const { run, services } = await aBucket()
  const { job } = aResult()
  const defaults = { ...aModelRecord().defaults, num_inference_steps: 25 }
  const record = { ...aModelRecord(), model_id: job.model.id, defaults }
  await services
    .openBucket('models')
    .put(
      `models/${job.model.id}/model.json`,
      new TextEncoder().encode(JSON.stringify(record)),
      { contentType: 'application/json' },
      new AbortController().signal,
    )
  await run(['report', 'aa', '--output', file])
  expect(await readFile(file, 'utf8')).not.toContain('class="differs"')
  await run(['report', 'aa', '--output', file, '--models-bucket', 'models'])
  expect(await readFile(file, 'utf8')).toContain('<li class="differs">4 steps</li>')
})

test('svd report --json prints these keys', async () => {
  const file = path.join(await temporaryDir(), 'sheet.html')
  const { run } = await aBucket()
  const report = JSON.parse((await run(['report', '--output', file, '--json', '--limit', '2'])).stdout)
  expect(report).toEqual({ file, jobs: 2, clips: 1, size_bytes: expect.any(Number), more_jobs: 1 })
})

test('svd report refuses an output file that does not end in .html', async () => {
  const { run } = await aBucket()
  expect(await run(['report', '--output', 'sheet.pdf'])).toMatchObject({
    exitCode: 2,
    stderr: "error: --output: got 'sheet.pdf'; must end in .html\n",
  })
})

test('svd report shows rejected uploads, unless job ids, --since or another --state exclude them', async () => {
  const file = path.join(await temporaryDir(), 'sheet.html')
  const setup = await aBucket()
  const report = aRejectedReport('images/broken.png')
  const outputs = setup.services.openBucket('out')
  await noteReported(outputs, report, unaborted)
  await setup.put(reportKey(report.key), new TextEncoder().encode(JSON.stringify(report)), 'application/json')
  const isReportedBy = async (...args: readonly string[]): Promise<boolean> => {
    await setup.run(['report', '--output', file, ...args])
    return (await readFile(file, 'utf8')).includes('is no image; upload a PNG')
  }
  expect(await isReportedBy()).toBe(true)
  expect(await isReportedBy('--state', 'failed')).toBe(true)
  expect(await isReportedBy('--manifest', 'images/broken.png')).toBe(true)
  expect(await isReportedBy('--since', '2026-11-24')).toBe(true)
  expect(await isReportedBy('--since', '2026-11-25')).toBe(false)
  expect(await isReportedBy('--state', 'succeeded')).toBe(false)
  expect(await isReportedBy('aa')).toBe(false)
})

test('svd report writes the output bucket into the page, for its download command', async () => {
  const file = path.join(await temporaryDir(), 'sheet.html')
  const { run } = await aBucket()
  await run(['report', '--output', file])
  expect(await readFile(file, 'utf8')).toContain('data-bucket="out"')
})

test('svd report shows the poster of a MOV file, and links the file with --link', async () => {
  const folder = await temporaryDir()
  const setup = fakeServices()
  const jobId = jobIdLike('aa')
  const { video, poster } = anOutput(jobId)
  const key = video.key.replace('.mp4', '.mov')
  await setup.putResult(aResult({ jobId, outputs: [anOutput(jobId, 'video', { video: { ...video, key } })] }))
  await setup.put(key, new TextEncoder().encode('frame'), 'video/quicktime')
  await setup.put(poster.key, await image(), 'image/png')

  await setup.run(['report', '--output', path.join(folder, 'sheet.html')])
  const page = await readFile(path.join(folder, 'sheet.html'), 'utf8')
  expect(page).toMatch(/<img class="poster" src="data:image\/webp;base64,[^"]+"/)
  expect(page).toContain('MOV, which browsers do not play. Get it with <code>svd download</code>.')
  expect(page).not.toContain(Buffer.from('frame').toString('base64'))

  await setup.run(['report', '--output', path.join(folder, 'linked.html'), '--link'])
  const linked = await readFile(path.join(folder, 'linked.html'), 'utf8')
  expect(linked).toContain(`<a href="linked-files/${jobId}-0.mov" download>Save the MOV file</a>`)
  expect(await readFile(path.join(folder, 'linked-files', `${jobId}-0.mov`), 'utf8')).toBe('frame')
})

test.each([
  ['webm', 'video/webm', '<video'],
  ['gif', 'image/gif', '<img class="moves"'],
])('svd report shows a %s that plays in the page', async (ending, type, element) => {
  const file = path.join(await temporaryDir(), 'sheet.html')
  const setup = fakeServices()
  const jobId = jobIdLike('aa')
  const { video } = anOutput(jobId)
  const key = video.key.replace('.mp4', `.${ending}`)
  await setup.putResult(aResult({ jobId, outputs: [anOutput(jobId, 'video', { video: { ...video, key } })] }))
  await setup.put(key, new TextEncoder().encode('moves'), type)
  await setup.run(['report', '--output', file])
  const page = await readFile(file, 'utf8')
  expect(page).toContain(element)
  expect(page).toContain(`src="data:${type};base64,${Buffer.from('moves').toString('base64')}"`)
})
