import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readResult } from '../../../../shared/records/read-result.ts'
import { openModel } from '../../../../worker/models/open-model.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { anEndpoint } from '../an-endpoint.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const DEMO = inRepository('worker/demo')
const PHOTO = inRepository('worker/demo-samples/rocket.png')
const MIB = 2 ** 20

const openStore = (): never => {
  throw new Error('the demo checkpoint is a folder')
}

/** Peak memory of the process itself so far, in bytes. */
const peakMemoryOf = async (processId: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${processId}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** Submits one clip, and follows a worker until the clip's job ends. */
const submitAndWork = async (...clip: readonly string[]) => {
  const options = { cacheDir: null, variant: null, field: '--model', openStore }
  const { record } = await openModel(DEMO, options, unaborted)
  const { svd, output, jobs, deadLetters } = await anEndpoint(record)
  const submitted = await svd('submit', PHOTO, '--json', ...clip)
  const [{ job_id: jobId }] = JSON.parse(submitted.stdout).jobs
  const places = ['--model', DEMO, '--scratch-dir', await temporaryDir()]
  const worker = svd('worker', ...places, '--conditional-writes', 'optional')
  onTestFinished(() => void worker.kill('SIGKILL'))
  const messages: string[] = []
  for await (const line of createInterface({ input: worker.stdout })) {
    const { message } = JSON.parse(line)
    messages.push(message)
    if (message.startsWith('job failed') || message === 'job will be tried again') break
  }
  const peakBytes = await peakMemoryOf(worker.pid)
  worker.kill('SIGTERM')
  worker.stdout.resume()
  const { exitCode } = await worker
  const result = (await readResult(output, jobId, unaborted))?.record
  const [waiting, dead] = [await jobs.depth(unaborted), await deadLetters.depth(unaborted)]
  return { exitCode, messages, peakBytes, result, waiting, dead }
}

test.each([
  ['a large image', ['--width', '8192', '--height', '8192']],
  ['many frames', ['--num-frames', '896', '--width', '2048', '--height', '2048']],
])(
  'a worker fails a job with %s at its first attempt, with figures, and needs less than 300 MiB',
  async (_, clip) => {
    const { exitCode, messages, peakBytes, result, waiting, dead } = await submitAndWork(...clip)

    expect(exitCode).toBe(0)
    expect(result).toMatchObject({
      state: 'failed',
      attempt: 1,
      outputs: [],
      failure: { class: 'does-not-fit' },
    })
    expect(result?.failure?.reason).toMatch(
      /^memory: \w+ needs [\d.]+ [GT]B, and [\d.]+ GB are there; what would fit: --/,
    )
    expect(messages.filter((message) => message === 'job rendering')).toHaveLength(1)
    expect(messages).not.toContain('job progress')
    expect([waiting, dead]).toMatchObject(Array(2).fill({ visible: 0, inFlight: 0, delayed: 0 }))
    // The image at 8192x8192 would be 192 MiB more.
    expect(peakBytes).toBeLessThan(300 * MIB)
  },
)
