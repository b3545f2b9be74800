import { describe, expect, test } from 'vitest'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure } from '../../../fixtures/job-records.ts'
import { fakeServices } from '../fake-services.ts'

/** Time at which a job of these fixtures ended. */
const ENDED = '2026-11-24T12:25:00.000Z'

const withFailed = async (
  failures: readonly { readonly id: string; readonly class: 'quality' | 'exhausted' }[],
) => {
  const setup = fakeServices()
  for (const { id, ...failure } of failures)
    await setup.putResult(aFailure(failure, { jobId: jobIdLike(id), finished_at: ENDED }))
  return { ...setup, shortIdOf: (id: string) => jobIdLike(id).slice(0, 12) }
}

describe('svd redrive without filters says of failed jobs without a dead-letter message', () => {
  test('why it left them, and how they are tried again or changed', async () => {
    const { run, jobs, shortIdOf } = await withFailed([{ id: 'aa', class: 'quality' }])
    const { exitCode, stdout } = await run(['redrive', '--output-bucket', 'out'])
    const id = shortIdOf('aa')
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: [
        `${id}  failed as quality at ${ENDED}, which leaves no dead-letter message`,
        '0 jobs brought back',
        '1 failed job without a dead-letter message left',
        `To try it again as before: npx svd redrive --job ${id} --output-bucket out`,
        `To change arguments: npx svd rerun ${id} --seed 7 --output-bucket out`,
        'To correct an upload: change it, and submit it again with --retry-failed',
        '',
      ].join('\n'),
    })
    expect(jobs.messages()).toEqual([])
  })

  test('that the message of one whose attempts were spent is gone', async () => {
    const { run, shortIdOf } = await withFailed([{ id: 'aa', class: 'exhausted' }])
    expect((await run(['redrive'])).stdout).toContain(
      `${shortIdOf('aa')}  failed as exhausted at ${ENDED}, and has no dead-letter message any more, unless another ` +
        'process has it at the moment\n',
    )
  })

  test('the classes that bring several back, and that command does', async () => {
    const { run, jobs } = await withFailed([
      { id: 'aa', class: 'quality' },
      { id: 'bb', class: 'exhausted' },
    ])
    const { stdout } = await run(['redrive', '--dry-run'])
    expect(stdout).toContain(
      '0 jobs would be brought back\n2 failed jobs without a dead-letter message left\n',
    )
    const [, command = ''] = /To try them again as before: npx svd (.*)\n/.exec(stdout) ?? []
    expect(command.split(' ').toSorted()).toEqual(['--class', 'exhausted', 'quality', 'redrive'])
    await run(command.split(' '))
    expect(jobs.messages()).toHaveLength(2)
    expect((await run(['redrive'])).stdout).toBe('0 jobs brought back\n')
  })

  test('how many there are beside the twenty that it explains', async () => {
    const ids = Array.from({ length: 23 }, (_, index) => (index + 100).toString(16))
    const { run } = await withFailed(ids.map((id) => ({ id, class: 'quality' as const })))
    expect((await run(['redrive'])).stdout).toContain('\n23 failed jobs without a dead-letter message left\n')
    const { left, left_more } = JSON.parse((await run(['redrive', '--json'])).stdout)
    expect({ left: left.length, left_more }).toEqual({ left: 20, left_more: 3 })
  })

  test('nothing where --older-than leaves them out', async () => {
    // It is 12:30.
    const { run } = await withFailed([{ id: 'aa', class: 'quality' }])
    expect((await run(['redrive', '--older-than', '1h'])).stdout).toBe('0 jobs brought back\n')
    expect((await run(['redrive', '--older-than', '1m'])).stdout).toContain('1 failed job without')
  })
})
