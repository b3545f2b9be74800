import { on } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { pipelineEventSchema } from '../../../../shared/contracts/pipeline-event.ts'
import { readResult } from '../../../../shared/records/read-result.ts'
import { openAwsServices } from '../../../../worker/aws/aws-services.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const SVD = inRepository('worker/cli/svd.ts')
const PHOTO = inRepository('worker/demo-samples/rocket.png')
/** Two frames of the demo's size: about four seconds of rendering. */
const SMALL = ['--size', '192x128', '--num-frames', '2', '--num-inference-steps', '10']
const JOBS = 4
const BEFORE_THE_KILL = 2
const WAIT_MS = 120_000

const aStudio = async () => {
  const folder = await temporaryDir()
  const at = (name: string): string => path.join(folder, name)
  const options = ['--data-dir', at('data'), '--output-dir', at('videos'), '--events', at('events.jsonl')]
  const svd = (args: readonly string[], env: Record<string, string> = {}) =>
    execa(process.execPath, [SVD, ...args], { reject: false, cwd: folder, env })
  const start = async () => {
    const local = svd(['local', '--port', '0', ...options])
    onTestFinished(() => void local.kill('SIGKILL'))
    let guide = ''
    for await (const chunk of on(local.stdout, 'data')) {
      guide += chunk
      if (guide.includes('Ctrl-C ends it.')) break
    }
    const environment = Object.fromEntries(
      [...guide.matchAll(/^ {2}export (\w+)=(.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
    )
    return { local, guide, run: (...args: readonly string[]) => svd(args, environment), environment }
  }
  const videos = async () => (await readdir(at('videos'))).filter((name) => name.endsWith('.mp4')).toSorted()
  return { at, start, svd, options, videos }
}

type Started = Awaited<ReturnType<Awaited<ReturnType<typeof aStudio>>['start']>>

/** Attempt and ETag of each job that has a result. */
const attemptsOf = async ({ environment }: Started, jobIds: readonly string[]) => {
  await using services = openAwsServices({
    endpoint: environment['AWS_ENDPOINT_URL'] ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const output = services.openBucket(environment['SVD_OUTPUT_BUCKET'] ?? '')
  const found: Record<string, readonly unknown[]> = {}
  for (const jobId of jobIds) {
    const result = await readResult(output, jobId, unaborted)
    if (result !== null) found[jobId] = [result.etag, result.record.outputs.map(({ video }) => video.key)]
  }
  return found
}

test('svd local --data-dir continues after kill -9, and renders no job twice', async () => {
  const { at, start, svd, options, videos } = await aStudio()
  const first = await start()
  expect(first.guide).toContain(`${at('data')} is new.\n`)
  const submit = ['submit', PHOTO, ...SMALL, '--seeds', `1..${JOBS}`, '--json']
  const submitted = JSON.parse((await first.run(...submit)).stdout)
  const jobIds: readonly string[] = submitted.jobs.map(({ job_id }: { readonly job_id: string }) => job_id)
  expect(new Set(jobIds).size).toBe(JOBS)
  const second = await svd(['local', '--port', '0', ...options])
  expect([second.exitCode, second.stderr]).toEqual([
    2,
    expect.stringContaining(`which another svd local uses (process ${first.local.pid}, since `),
  ])
  const made = expect.poll(async () => (await videos()).length, { timeout: WAIT_MS })
  await made.toBeGreaterThanOrEqual(BEFORE_THE_KILL)
  const early = await attemptsOf(first, jobIds)
  first.local.kill('SIGKILL')
  await first.local

  const again = await start()
  const [, waiting, ended] =
    /: 0 uploads to ingest, (\d+) jobs? waiting, (\d+) ended\.\n/.exec(again.guide) ?? []
  expect([Number(waiting) + Number(ended), Number(ended)]).toEqual([JOBS, expect.toSatisfy((n) => n >= 2)])
  await expect.poll(async () => (await videos()).length, { timeout: WAIT_MS }).toBe(JOBS)
  const status = await again.run('status', '--json')
  const states = JSON.parse(status.stdout).jobs.map((job: { job_id: string; state: string }) => job)
  expect(states.map(({ job_id }: { job_id: string }) => job_id).toSorted()).toEqual(jobIds.toSorted())
  expect(states.map(({ state }: { state: string }) => state)).toEqual(jobIds.map(() => 'succeeded'))
  const late = await attemptsOf(again, jobIds)
  expect(Object.keys(early).length).toBeGreaterThanOrEqual(BEFORE_THE_KILL)
  expect(late).toMatchObject(early)
  again.local.kill('SIGINT')
  expect(await again.local).toMatchObject({ exitCode: 0 })
  expect((await again.local).stderr).toContain(
    `Everything is kept in ${at('data')}. To go on, start it again with the same options:`,
  )

  const last = await start()
  expect(last.guide).toContain(`In ${at('data')}: 0 uploads to ingest, 0 jobs waiting, ${JOBS} ended.\n`)
  const resubmitted = await last.run(...submit, '--wait', '--quiet')
  expect(resubmitted.exitCode).toBe(0)
  expect(await attemptsOf(last, jobIds)).toEqual(late)
  last.local.kill('SIGINT')
  expect(await last.local).toMatchObject({ exitCode: 0 })
  const lines = (await readFile(at('events.jsonl'), 'utf8')).trim().split('\n')
  const events = lines.map((line) => pipelineEventSchema.parse(JSON.parse(line)))
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(events.length)
  expect(events.filter(({ type }) => type === 'request.ended').length).toBeGreaterThanOrEqual(JOBS)
})
