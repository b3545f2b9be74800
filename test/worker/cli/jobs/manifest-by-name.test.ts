import { describe, expect, test } from 'vitest'
import type { IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aStatus } from '../../../fixtures/job-records.ts'
import { fakeServices } from '../fake-services.ts'

const aReport = (key: string, id: string): IngestReport => ({
  ...{ version: 1, bucket: 'in', key, version_id: null, etag: '"e"', sequencer: null, state: 'accepted' },
  jobs: [
    {
      ...{ job_id: jobIdLike(id), item: 1, item_id: null, image: 'images/cup.png' },
      ...{ videos: [], done_before: false },
    },
  ],
  ...{ superseded: [], faults: [], more_faults: 0, reported_at: '2026-11-24T12:00:00.000Z' },
})

/** Reports on manifests in this order, a minute apart. Each manifest has a job whose id begins with its value. */
const withManifests = async (manifests: Readonly<Record<string, string>>) => {
  const setup = fakeServices()
  for (const [key, id] of Object.entries(manifests)) {
    await setup.putStatus(aStatus({ jobId: jobIdLike(id) }))
    await setup.putReport(aReport(key, id))
    setup.pass(60)
  }
  const find = async (typed: string, ...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await setup.run(['status', '--manifest', typed, '--json', ...args])
    const jobs: readonly { job_id: string }[] = stdout === '' ? [] : JSON.parse(stdout).jobs
    return { exitCode, stderr, jobs: jobs.map(({ job_id }) => job_id[0]) }
  }
  return { ...setup, find }
}

describe('--manifest NAME', () => {
  test('finds the manifest of that name in any folder', async () => {
    const { find } = await withManifests({
      'manifests/20261124T120000Z-aaaaaa/products.json': 'a',
      'manifests/20261124T120000Z-aaaaaa/my-products.json': 'b',
    })
    expect(await find('products.json')).toEqual({ exitCode: 0, stderr: '', jobs: ['a'] })
  })

  test('takes the newest of several manifests, and prints how to choose another', async () => {
    const { find } = await withManifests({
      'manifests/z/products.json': 'a',
      'manifests/y/products.json': 'b',
      'manifests/x/products.json': 'c',
    })
    expect(await find('products.json')).toEqual({
      exitCode: 0,
      stderr:
        "--manifest: 3 manifests are named 'products.json'; takes the newest, manifests/x/products.json; " +
        'for another give its key, such as manifests/y/products.json (svd batches lists them)\n',
      jobs: ['c'],
    })
    expect(await find('y/products.json')).toEqual({ exitCode: 0, stderr: '', jobs: ['b'] })
  })

  test('takes the manifest with exactly that key before a newer manifest of that name', async () => {
    const { find } = await withManifests({ 'manifests/products.json': 'a', 'manifests/x/products.json': 'b' })
    expect(await find('products.json')).toEqual({ exitCode: 0, stderr: '', jobs: ['a'] })
  })

  test.each(['manifests/products.json', 's3://in/products.json', 'roducts.json'])(
    'finds no manifest for %s',
    async (typed) => {
      const { find } = await withManifests({ 'manifests/x/products.json': 'a' })
      expect(await find(typed)).toMatchObject({ exitCode: 2, jobs: [] })
    },
  )

  test('finds a manifest whose name has another Unicode form', async () => {
    const { find } = await withManifests({ 'manifests/x/caf\u00e9.json': 'a' })
    expect(await find('cafe\u0301.json')).toMatchObject({ exitCode: 0, jobs: ['a'] })
  })

  test.each([['cancel'], ['redrive'], ['watch', '--interval', '0.1'], ['report', '--output', 'sheet.html']])(
    'reports an unknown name in svd %s',
    async (...args) => {
      const { run } = await withManifests({})
      const { exitCode, stderr } = await run([...args, '--manifest', 'products.json'])
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining('no other manifest has this name'),
      })
    },
  )

  test('selects only the jobs of the newest manifest in svd cancel', async () => {
    const { run } = await withManifests({
      'manifests/z/products.json': 'a',
      'manifests/y/products.json': 'b',
    })
    const { stdout, stderr } = await run(['cancel', '--manifest', 'products.json'])
    expect(stdout).toBe('b00000000000  cup.png  asked to stop\n')
    expect(stderr).toContain('takes the newest, manifests/y/products.json')
  })
})
