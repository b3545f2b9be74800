import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { reportKey, resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { countEntries } from '../../../../shared/job-index/count-entries.ts'
import { noteChanged, noteEnded, noteQueued } from '../../../../shared/job-index/write-entries.ts'
import { aFailure, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { type MemoryS3Server, serveMemoryStore } from '../../../fixtures/memory-s3-server.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'

/*
 * The cost of commands in a bucket of 100,000 jobs. Each job was queued by itself, one every eight seconds. The last
 * ten thousand jobs have not ended, and three of these are rendering. S3 is a server over memory that counts requests.
 */

const JOBS = 100_000
const DONE = 90_000
const FAILED_EVERY = 100
/** Number of the first of the newest jobs, which are rendering. */
const RENDERING = JOBS - 3
const MANIFEST = 'manifests/large.json'
const MANIFEST_JOBS = 10_000
const INTERVAL_MS = 8_000
const MOST_REQUESTS = 60
const MOST_BYTES = 60e6

/** Module that prints the peak memory. `resourceUsage().maxRSS` begins with that of the process that forked. */
const PRINT_PEAK = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync } from 'node:fs'
  process.on('exit', () => console.error(/VmHWM:.*/.exec(readFileSync('/proc/self/status', 'utf8'))[0]))
`)}`
const SVD = fileURLToPath(new URL('../../../../worker/cli/svd.ts', import.meta.url))
const jobIdOf = (number: number): string =>
  `${(number * 7919).toString(16).padStart(8, '0')}${'0'.repeat(24)}`

const fill = async (
  store: MemoryObjectStore,
  setNow: (ms: number) => void,
  startMs: number,
): Promise<void> => {
  const write = (key: string, record: unknown): Promise<string> =>
    store.put(key, Buffer.from(JSON.stringify(record)), { contentType: 'application/json' }, unaborted)
  for (let number = 0; number < JOBS; number++) {
    const now = new Date(startMs + number * INTERVAL_MS)
    setNow(now.getTime())
    const jobId = jobIdOf(number)
    await noteQueued(store, [jobId], now, unaborted)
    await write(statusKey(jobId), aStatus({ jobId, submittedAt: now.toISOString() }))
    if (number >= RENDERING) {
      await noteChanged(store, jobId, now, unaborted)
      await write(statusKey(jobId), aStatus({ jobId, state: 'rendering', attempt: 1 }))
    }
    if (number >= DONE) continue
    await noteChanged(store, jobId, new Date(now.getTime() + 5_000), unaborted)
    const finished = { jobId, finished_at: new Date(now.getTime() + 6_000).toISOString() }
    const record = number % FAILED_EVERY === 0 ? aFailure({}, finished) : aResult(finished)
    await write(resultKey(jobId), record)
    await noteEnded(store, record, now, unaborted)
  }
}

describe('in a bucket of 100,000 jobs', () => {
  let server: MemoryS3Server

  beforeAll(async () => {
    let nowMs = 0
    const store = openMemoryObjectStore({ bucket: 'out', now: () => nowMs })
    const endMs = Date.now()
    await fill(
      store,
      (ms) => {
        nowMs = ms
      },
      endMs - JOBS * INTERVAL_MS,
    )
    for (let turn = 0; turn < JOBS / 5_000 + 1; turn++) await countEntries(store, new Date(endMs), unaborted)
    const jobs = Array.from({ length: MANIFEST_JOBS }, (_, number) => ({
      ...{ job_id: jobIdOf(number + 1), item: number + 1, item_id: null, image: `images/${number}.png` },
      ...{ videos: [], done_before: false },
    }))
    const report = aRejectedReport(MANIFEST, { state: 'accepted', jobs, faults: [] })
    await store.put(reportKey(MANIFEST), Buffer.from(JSON.stringify(report)), { contentType: '' }, unaborted)
    server = await serveMemoryStore(store)
    return () => server[Symbol.asyncDispose]()
  }, 600_000)

  const run = async (...args: readonly string[]) => {
    const before = server.requests()
    const { stdout, stderr } = await execa(process.execPath, ['--import', PRINT_PEAK, SVD, ...args], {
      extendEnv: false,
      env: {
        ...{ PATH: process.env['PATH'], AWS_ENDPOINT_URL: server.url, AWS_REGION: 'eu-west-1' },
        ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', SVD_OUTPUT_BUCKET: 'out' },
      },
    })
    const peakBytes = 1024 * Number(/VmHWM:\s*(\d+) kB/.exec(stderr)?.[1])
    return { stdout, peakBytes, requests: server.requests() - before }
  }

  test.each([
    {
      command: 'status',
      lines:
        '17 queued, 3 rendering; 99980 more (--limit)\n100000 jobs: 10000 not done, 89100 succeeded, 900 failed',
    },
    { command: 'status --state failed', lines: '20 failed; 880 more (--limit)' },
    { command: 'status --state succeeded', lines: '20 succeeded; 89080 more (--limit)' },
    { command: 'status --state queued', lines: '20 queued; more (--limit)' },
    {
      command: 'status --state rendering',
      lines: '3 rendering among the newest; older ones were not searched',
    },
    { command: 'status --since 30d', lines: '17 queued, 3 rendering; more (--limit)' },
    { command: `status --manifest ${MANIFEST}`, lines: '20 succeeded; 9980 more (--limit)' },
  ])(
    'svd $command needs at most 60 requests, and 60 MB more memory than svd --help',
    async ({ command, lines }) => {
      const help = await run('--help')
      const { stdout, requests, peakBytes } = await run(...command.split(' '))
      expect(stdout).toContain(lines)
      expect(requests).toBeLessThanOrEqual(MOST_REQUESTS)
      expect(peakBytes - help.peakBytes).toBeLessThanOrEqual(MOST_BYTES)
    },
  )
})
