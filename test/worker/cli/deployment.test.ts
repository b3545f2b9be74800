import { describe, expect, test } from 'vitest'
import { aStatus } from '../../fixtures/job-records.ts'
import { DEPLOYMENT, fakeServices } from './fake-services.ts'

describe('svd', () => {
  test('takes buckets and queues from options before environment variables', async () => {
    const { run, services, outputs, putStatus } = fakeServices()
    await putStatus(aStatus())
    const { stdout } = await run(['status', '--output-bucket', 'other'])
    expect(stdout).toMatch(/^no jobs\n/)
    expect((await run(['status'], { environment: { SVD_OUTPUT_BUCKET: 'out' } })).stdout).toContain(
      '1 queued',
    )
    expect(services.openBucket('out')).toBe(outputs)
  })

  test('names all missing queues in one error, each with its option and its variable', async () => {
    const { run } = fakeServices()
    expect(
      await run(['redrive'], { environment: { SVD_OUTPUT_BUCKET: 'out', SVD_JOBS_QUEUE_URL: '' } }),
    ).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr:
        'error: --jobs-queue-url: is not given; this command needs --jobs-queue-url or SVD_JOBS_QUEUE_URL, ' +
        '--dead-letter-queue-url or SVD_DEAD_LETTER_QUEUE_URL (an option, or a variable of the environment): ' +
        'run what `svd local` prints, or the output `Environment` of the stack `svd-pipeline`\n',
    })
  })

  test.each([
    ['submit', ['cup.png'], 'SVD_INPUT_BUCKET'],
    ['status', [], 'SVD_OUTPUT_BUCKET'],
    ['watch', [], 'SVD_OUTPUT_BUCKET'],
    ['cancel', ['a1'], 'SVD_OUTPUT_BUCKET'],
    ['redrive', [], 'SVD_DEAD_LETTER_QUEUE_URL'],
    ['report', ['--output', 'sheet.html'], 'SVD_OUTPUT_BUCKET'],
  ] as const)('%s %j names the missing variable %s', async (command, args, variable) => {
    const { run } = fakeServices()
    const environment = { ...DEPLOYMENT, [variable]: undefined }
    const { exitCode, stderr } = await run([command, ...args], { environment })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(variable)
  })
})
