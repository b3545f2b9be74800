import { describe, expect, test } from 'vitest'
import type { IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { fakeServices } from '../fake-services.ts'

const accepted = (key: string, ids: readonly string[]): IngestReport =>
  aRejectedReport(key, {
    ...{ state: 'accepted', faults: [], reported_at: '2026-11-24T12:30:00.000Z' },
    jobs: ids.map((id, index) => ({
      ...{ job_id: jobIdLike(id), item: index + 1, item_id: null, image: `images/${id}.png` },
      ...{ videos: [], done_before: false },
    })),
  })

/** Two hours ago two images, one of which is rejected; ten minutes ago a manifest of four, two of which have ended. */
const withBatches = async () => {
  const setup = fakeServices()
  await setup.putReport(accepted('images/20261124T103000Z-1a2b3c/cup.png', ['1a']))
  await setup.putReport(aRejectedReport('images/20261124T103000Z-1a2b3c/cat.png'))
  await setup.putStatus(aStatus({ jobId: jobIdLike('1a') }))
  setup.pass(110 * 60)
  await setup.putReport(accepted('manifests/20261124T122000Z-4d5e6f/products.json', ['2a', '2b', '2c', '2d']))
  const at = (minute: number) => ({ finished_at: `2026-11-24T14:${minute}:00.000Z`, cost_usd: 1.25 })
  setup.pass(9 * 60)
  await setup.putResult(aResult({ jobId: jobIdLike('2a'), ...at(28) }))
  await setup.putResult(aFailure({}, { jobId: jobIdLike('2b'), ...at(29) }))
  setup.pass(60)
  return setup
}

describe('svd batches', () => {
  test('prints manifests and folders of images, the newest first', async () => {
    const { run } = await withBatches()
    const { exitCode, stdout, stderr } = await run(['batches'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'BATCH                                  ITEMS  CLIPS  SUCCEEDED  FAILED  LEFT  REJECTED   COST  TIME LEFT        WHEN',
        '20261124T122000Z-4d5e6f/products.json      4      4          1       1     2            $2.50       1:00  10 min ago',
        'images/20261124T103000Z-1a2b3c/            2      1                        1         1                 ?     2 h ago',
        '',
        '2 batches',
        '',
      ].join('\n'),
    )
  })

  test('prints the newest batches up to --limit, and counts the others', async () => {
    const { run } = await withBatches()
    const { stdout } = await run(['batches', '--limit', '1'])
    expect(stdout).toContain('products.json')
    expect(stdout).not.toContain('images/')
    expect(stdout).toMatch(/\n1 batch; 1 more \(--limit\)\n$/)
  })

  test('prints only the batches since --since', async () => {
    const { run } = await withBatches()
    expect((await run(['batches', '--since', '1h'])).stdout).toMatch(/\n1 batch\n$/)
    expect((await run(['batches', '--since', '1m'])).stdout).toBe('no batches\n')
  })

  test('estimates costs from a hundred jobs or a thousand images, unless --exact is given', async () => {
    const setup = fakeServices()
    const ids = Array.from({ length: 1_001 }, (_, index) => (index + 4096).toString(16))
    for (const id of ids) await setup.putReport(accepted(`images/many/${id}.png`, [id]))
    setup.pass(60)
    await setup.putReport(accepted('manifests/m.json', ids.slice(0, 101)))
    const ended = { finished_at: '2026-11-24T12:31:00.000Z', cost_usd: 0.5 }
    for (const id of ids.slice(0, 100)) await setup.putResult(aResult({ jobId: jobIdLike(id), ...ended }))
    // The result of the last job of a manifest is not read.
    await setup.putResult(aResult({ jobId: jobIdLike(ids[100] ?? ''), ...ended, cost_usd: 10.5 }))
    const namesAndCosts = async (...args: readonly string[]) => {
      const { stdout } = await setup.run(['batches', ...args])
      return stdout.split('\n').flatMap((line) => {
        const [, name, cost] =
          /^(m\.json|images\/many\/(?: \(\d+ of \d+\))?) .* (~?\$\d+\.\d+) /.exec(line) ?? []
        return name === undefined ? [] : [[name, cost]]
      })
    }
    expect(await namesAndCosts()).toEqual([
      ['m.json', '~$50.50'],
      ['images/many/ (1000 of 1001)', '~$50.50'],
    ])
    expect(await namesAndCosts('--exact')).toEqual([
      ['m.json', '$60.50'],
      ['images/many/', '$60.50'],
    ])
  })

  test('prints these keys with --json', async () => {
    const { run } = await withBatches()
    expect(JSON.parse((await run(['batches', '--limit', '1', '--json'])).stdout)).toEqual({
      batches: [
        {
          kind: 'manifest',
          key: 'manifests/20261124T122000Z-4d5e6f/products.json',
          uploads: 1,
          uploads_counted: 1,
          items: 4,
          rejected_items: 0,
          rejected: false,
          jobs: 4,
          succeeded: 1,
          failed: 1,
          cancelled: 0,
          left: 2,
          ended_before: 0,
          cost_usd: 2.5,
          cost_is_estimated: false,
          seconds_left: 60,
          reported_at: '2026-11-24T14:20:00.000Z',
          ended_at: null,
        },
      ],
      more_batches: 1,
    })
  })

  test('prints a manifest name that --manifest accepts', async () => {
    const { run } = await withBatches()
    const name = (await run(['batches'])).stdout.split('\n')[1]?.split(' ')[0] ?? ''
    expect(await run(['status', '--manifest', name])).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test.each([
    [['--limit', '0'], "--limit: got '0'; must be a whole number from 1 to 100000"],
    [['--since', 'monday'], "--since: got 'monday'; must be a time such as"],
  ])('refuses %j', async (args, message) => {
    const { run } = await withBatches()
    expect(await run(['batches', ...args])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message),
    })
  })
})
