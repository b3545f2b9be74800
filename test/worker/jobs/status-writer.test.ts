import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import {
  type JobState,
  type SpentAttempt,
  type StatusRecord,
  statusRecordSchema,
} from '../../../shared/contracts/status-record.ts'
import { startAttempt } from '../../../worker/jobs/attempt.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { openStatusWriter } from '../../../worker/jobs/status-writer.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import type { Faults } from '../../fixtures/faults.ts'
import type { StoreOperation } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aRejectedVideo } from './a-rejected-video.ts'
import { closingDeps } from './closing-deps.ts'

const JOB = aJobMessage()
const ID = '0001-8000000080000000'
const KEY = statusKey(JOB.job_id)

const aWriter = (
  faults: Faults<StoreOperation> = {},
  number = 1,
  ownAttempts: ReadonlySet<string> = new Set(),
) => {
  const { store, deps, time } = closingDeps(faults)
  const attempt = startAttempt(JOB, number, dateAt(0))
  const writer = openStatusWriter({
    store,
    clock: deps.clock,
    attempt,
    attemptId: ID,
    ownAttempts,
    workerId: 'worker-1',
    intervalMs: 1_000,
    aliveSeconds: 120,
  })
  const later = (ms: number): Promise<void> => {
    const atMs = time.nowMs() + ms
    time.after(ms, () => {})
    return time.runUntil(() => time.nowMs() >= atMs, atMs)
  }
  const another = (
    state: JobState,
    by: { attempt: number; workerId: string },
    attempts: readonly SpentAttempt[] = [],
    job = JOB,
  ): Promise<string> => {
    const status = { job, number: by.attempt }
    const bytes = encodeRecord(statusOfAttempt(status, { state }, by.workerId, dateAt(0), attempts))
    return store.put(KEY, bytes, { contentType: 'application/json' }, unaborted)
  }
  const written = (): StatusRecord[] =>
    store.writes.map(({ bytes }) => statusRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes))))
  const states = (): string[] =>
    written().map(({ state, step, worker_id }) => `${state} ${step} ${worker_id}`)
  const entries = (): string[] | undefined =>
    written()
      .at(-1)
      ?.attempts.map(({ id }) => id)
  return { writer, time, later, another, written, states, entries }
}

const ANOTHER: SpentAttempt = {
  id: '0001-0000000000000000',
  worker_id: 'worker-0',
  reason: 'the renderer crashed',
  alive_until: '2026-01-01T00:00:00.000Z',
}

const denoise = (step: number) => ({
  state: 'rendering' as const,
  progress: { phase: 'denoise' as const, step, steps: 25 },
})

test('tells all that there is to tell', async () => {
  const { writer, later, written } = aWriter({}, 2)

  writer.report(denoise(3))
  await later(1)

  expect(written()).toEqual([
    {
      version: 1,
      job_id: JOB.job_id,
      state: 'rendering',
      attempt: 2,
      phase: 'denoise',
      step: 3,
      steps: 25,
      worker_id: 'worker-1',
      message: null,
      attempts: [{ id: ID, worker_id: 'worker-1', reason: null, alive_until: '2026-01-01T00:02:00.000Z' }],
      waits_for_model: null,
      image: JOB.image,
      parameters: JOB.parameters,
      origin: JOB.origin,
      submitted_at: JOB.submitted_at,
      updated_at: '2026-01-01T00:00:00.000Z',
    },
  ])
})

test('writes at most once a second, and then the newest', async () => {
  const { writer, later, states } = aWriter()

  writer.report({ state: 'preparing' })
  for (let step = 1; step <= 25; step++) {
    await later(100)
    writer.report(denoise(step))
  }

  expect(states()).toEqual(['preparing 0 worker-1', 'rendering 9 worker-1', 'rendering 19 worker-1'])
})

test('has its last word at once, and nothing comes after it', async () => {
  const { writer, later, states, time } = aWriter()

  writer.report({ state: 'preparing' })
  await later(100)
  writer.report(denoise(1))
  await writer.end({ state: 'succeeded' })
  writer.report(denoise(2))
  await later(10_000)

  expect(states()).toEqual(['preparing 0 worker-1', 'succeeded 0 worker-1'])
  expect(time.nowMs()).toBe(10_100)
})

test('may end without a last word', async () => {
  const { writer, later, states } = aWriter()

  writer.report({ state: 'preparing' })
  await later(100)
  await writer.end(null)

  expect(states()).toEqual(['preparing 0 worker-1'])
})

test('writes over what was there when the attempt began, such as a failure that was brought back', async () => {
  const { writer, later, another, states } = aWriter()
  await another('failed', { attempt: 5, workerId: 'worker-0' })

  writer.report({ state: 'preparing' })
  await later(1)

  expect(states()).toEqual(['failed 0 worker-0', 'preparing 0 worker-1'])
})

test('does not write over a final state that came in between', async () => {
  const { writer, later, another, states } = aWriter()
  writer.report({ state: 'preparing' })
  await later(2_000)
  await another('succeeded', { attempt: 1, workerId: 'worker-2' })

  writer.report(denoise(1))
  await later(2_000)
  await writer.end({ state: 'queued' })

  expect(states()).toEqual(['preparing 0 worker-1', 'succeeded 0 worker-2'])
})

test('of a later attempt that came in between it changes nothing but its own entry', async () => {
  const { writer, later, another, states, entries } = aWriter()
  writer.report({ state: 'preparing' })
  await later(2_000)
  await another('rendering', { attempt: 2, workerId: 'worker-2' }, [ANOTHER])

  writer.report(denoise(1))
  await later(2_000)
  expect(entries()).toEqual([ANOTHER.id, ID])
  await writer.end({ state: 'queued' })

  expect(entries()).toEqual([ANOTHER.id])
  expect([...new Set(states().slice(1))]).toEqual(['rendering 0 worker-2'])
})

describe('the entry of an attempt', () => {
  test('is there while it renders, and gone when that is over', async () => {
    const { writer, later, entries } = aWriter()
    const seen: unknown[] = []

    for (const state of ['preparing', 'rendering', 'publishing'] as const) {
      writer.report({ state })
      await later(1_500)
      seen.push(entries())
    }

    expect(seen).toEqual([[], [ID], []])
  })

  test('is gone when the writer has settled after the render', async () => {
    const { writer, later, entries } = aWriter()
    writer.report({ state: 'rendering' })
    await later(1)
    writer.report({ state: 'publishing' })
    let settledWith: readonly string[] | undefined
    void writer.settled().then(() => {
      settledWith = entries()
    })

    await later(0)
    expect([entries(), settledWith]).toEqual([[ID], undefined])
    await later(3_000)
    expect(settledWith).toEqual([])
  })

  test('stays with the reason of a failure, beside those of others', async () => {
    const { writer, another, written } = aWriter()
    await another('queued', { attempt: 1, workerId: 'worker-0' }, [ANOTHER])

    const counted = await writer.end({ state: 'queued', message: 'it crashed', failed: true })

    expect(counted).toEqual([ANOTHER, expect.objectContaining({ id: ID, reason: 'it crashed' })])
    expect(written().at(-1)?.attempts).toEqual(counted)
  })

  test('says so where the clip failed its checks', async () => {
    const { writer } = aWriter()
    const failed = { failed: true, failedChecks: true } as const
    const counted = await writer.end({ state: 'queued', message: 'it is black', ...failed })
    expect(counted).toEqual([expect.objectContaining({ id: ID, reason: 'it is black', failed_checks: true })])
  })

  test('has what is kept of that clip, also once the job has ended', async () => {
    const { writer, another, written } = aWriter()
    await another('queued', { attempt: 1, workerId: 'worker-0' })
    const rejected = [aRejectedVideo(ID, 'worker-1')]
    const failed = { failed: true, failedChecks: true, rejected } as const

    const counted = await writer.end({ state: 'queued', message: 'it is black', ...failed })
    await writer.end({ state: 'failed', message: 'it is black' })

    expect(counted).toMatchObject([{ id: ID, rejected }])
    expect(written().at(-1)).toMatchObject({ state: 'failed', attempts: [{ rejected }] })
  })

  test.each(['replace', 'create'] as const)(
    'is there also where another worker wrote at the same moment, by a %s',
    async (operation) => {
      let raced = false
      const { writer, another, later, entries } = aWriter({
        async before(asked) {
          if (asked !== operation || raced) return
          raced = true
          await another('rendering', { attempt: 1, workerId: 'worker-2' }, [ANOTHER])
        },
      })
      if (operation === 'replace') await another('queued', { attempt: 0, workerId: 'ingest' })

      writer.report(denoise(1))
      await later(1)

      expect(entries()).toEqual([ANOTHER.id, ID])
    },
  )

  test('is there once, where the answer to its write got lost', async () => {
    let lost = 1
    const { writer, another, later, entries } = aWriter({
      after(operation) {
        if (operation === 'replace' && lost-- > 0) throw new Error('no answer')
      },
    })
    await another('queued', { attempt: 0, workerId: 'ingest' })

    writer.report(denoise(1))
    await later(3_000)

    expect(entries()).toEqual([ID])
  })

  test('is written as soon as the store answers again, without another report', async () => {
    let away = true
    const { writer, later, entries } = aWriter({
      before() {
        if (away) throw new Error('503')
      },
    })

    writer.report(denoise(1))
    await later(30_000)
    away = false
    await later(1_000)

    expect(entries()).toEqual([ID])
  })

  test('is gone where this process could not remove it before, unless the attempt failed', async () => {
    const { writer, another, entries } = aWriter({}, 2, new Set(['left', 'failed']))
    await another('rendering', { attempt: 1, workerId: 'worker-1' }, [
      { ...ANOTHER, id: 'left', reason: null },
      { ...ANOTHER, id: 'failed' },
      { ...ANOTHER, id: 'vanished elsewhere', reason: null },
    ])

    const counted = await writer.readAttempts(unaborted)
    await writer.end({ state: 'queued' })

    expect(counted.map(({ id }) => id)).toEqual(['failed', 'vanished elsewhere'])
    expect(entries()).toEqual(['failed', 'vanished elsewhere'])
  })

  test('is alive for one lease after each sign of the lease', async () => {
    const { writer, later, written } = aWriter()
    writer.report(denoise(1))
    await later(60_000)

    writer.renew()
    await later(1)

    expect(written().map(({ attempts }) => attempts[0]?.alive_until)).toEqual([
      '2026-01-01T00:02:00.000Z',
      '2026-01-01T00:03:00.000Z',
    ])
  })

  test('is not made by a sign of the lease where nothing renders', async () => {
    const { writer, later, written } = aWriter()
    writer.report({ state: 'preparing' })
    await later(2_000)

    writer.renew()
    await later(2_000)

    expect(written().length).toBe(1)
  })
})

test('writes over what ingest says late', async () => {
  const { writer, later, another, states } = aWriter()
  writer.report({ state: 'preparing' })
  await later(2_000)
  await another('queued', { attempt: 0, workerId: 'ingest' })

  writer.report(denoise(1))
  await later(2_000)

  expect(states().at(-1)).toBe('rendering 1 worker-1')
})

test('a final state is written whatever is there', async () => {
  const { writer, another, states } = aWriter()
  await another('rendering', { attempt: 9, workerId: 'worker-2' })

  await writer.end({ state: 'succeeded' })

  expect(states().at(-1)).toBe('succeeded 0 worker-1')
})

test('a store that is away fails nothing, and later words get through', async () => {
  let away = true
  const { writer, later, states } = aWriter({
    before() {
      if (away) throw new Error('503')
    },
  })

  writer.report({ state: 'preparing' })
  await later(1_000)
  away = false
  writer.report(denoise(1))
  await later(1_000)
  await writer.end({ state: 'succeeded' })

  expect(states()).toEqual(['rendering 1 worker-1', 'succeeded 0 worker-1'])
})

test('a word whose answer got lost does not silence the next', async () => {
  let answersLost = false
  const { writer, later, states } = aWriter({
    after(operation) {
      if (answersLost && operation === 'replace') throw new Error('no answer')
    },
  })
  writer.report({ state: 'preparing' })
  await later(1_000)
  answersLost = true
  writer.report(denoise(1))
  await later(1_000)
  answersLost = false

  writer.report(denoise(2))
  await later(1_000)

  expect(states()).toEqual(['preparing 0 worker-1', 'rendering 1 worker-1', 'rendering 2 worker-1'])
})

describe('the origin of a status', () => {
  const FIRST = { ...JOB.origin, key: 'images/first.png' }
  const STATES = ['preparing', 'succeeded'] as const

  test.each(STATES)('stays that of the upload that ordered the job first, when it says %s', async (state) => {
    const { writer, another, later, written } = aWriter()
    await another('queued', { attempt: 0, workerId: 'x' }, [], { ...JOB, origin: FIRST })
    await writer.end({ state })
    await later(1_000)
    expect(written().map((status) => [status.state, status.origin.key])).toEqual([
      ['queued', FIRST.key],
      [state, FIRST.key],
    ])
  })

  test('stays where the status comes when this attempt has just read that there is none', async () => {
    let interfere: (() => Promise<unknown>) | null = null
    const { writer, another, written } = aWriter({
      async before(operation) {
        if (operation !== 'create') return
        const now = interfere
        interfere = null
        await now?.()
      },
    })
    interfere = () => another('queued', { attempt: 0, workerId: 'x' }, [], { ...JOB, origin: FIRST })
    await writer.end({ state: 'succeeded' })
    expect(written().map(({ origin }) => origin.key)).toEqual([FIRST.key, FIRST.key])
  })
})
