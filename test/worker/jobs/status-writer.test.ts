import { describe, expect, test } from 'vitest'
import { ANOTHER, aStatusWriter, denoise, ID, JOB } from './a-status-writer.ts'

test('the writer writes all fields of a status', async () => {
  const { writer, later, written } = aStatusWriter({}, 2)

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

test('the writer writes at most once a second, and then the newest status', async () => {
  const { writer, later, states } = aStatusWriter()

  writer.report({ state: 'preparing' })
  for (let step = 1; step <= 25; step++) {
    await later(100)
    writer.report(denoise(step))
  }

  expect(states()).toEqual(['preparing 0 worker-1', 'rendering 9 worker-1', 'rendering 19 worker-1'])
})

test('the writer writes its final status at once and nothing after it', async () => {
  const { writer, later, states, time } = aStatusWriter()

  writer.report({ state: 'preparing' })
  await later(100)
  writer.report(denoise(1))
  await writer.end({ state: 'succeeded' })
  writer.report(denoise(2))
  await later(10_000)

  expect(states()).toEqual(['preparing 0 worker-1', 'succeeded 0 worker-1'])
  expect(time.nowMs()).toBe(10_100)
})

test('the writer may end without a final status', async () => {
  const { writer, later, states } = aStatusWriter()

  writer.report({ state: 'preparing' })
  await later(100)
  await writer.end(null)

  expect(states()).toEqual(['preparing 0 worker-1'])
})

test('the writer replaces the status from before its attempt, such as that of a redriven failure', async () => {
  const { writer, later, another, states } = aStatusWriter()
  await another('failed', { attempt: 5, workerId: 'worker-0' })

  writer.report({ state: 'preparing' })
  await later(1)

  expect(states()).toEqual(['failed 0 worker-0', 'preparing 0 worker-1'])
})

test('the writer keeps a final state that another worker wrote meanwhile', async () => {
  const { writer, later, another, states } = aStatusWriter()
  writer.report({ state: 'preparing' })
  await later(2_000)
  await another('succeeded', { attempt: 1, workerId: 'worker-2' })

  writer.report(denoise(1))
  await later(2_000)
  await writer.end({ state: 'queued' })

  expect(states()).toEqual(['preparing 0 worker-1', 'succeeded 0 worker-2'])
})

test('the writer changes only its own entry in the status of a later attempt', async () => {
  const { writer, later, another, states, entries } = aStatusWriter()
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

test('the writer replaces a late status of ingest', async () => {
  const { writer, later, another, states } = aStatusWriter()
  writer.report({ state: 'preparing' })
  await later(2_000)
  await another('queued', { attempt: 0, workerId: 'ingest' })

  writer.report(denoise(1))
  await later(2_000)

  expect(states().at(-1)).toBe('rendering 1 worker-1')
})

test('the writer replaces even the status of a later attempt with a final state', async () => {
  const { writer, another, states } = aStatusWriter()
  await another('rendering', { attempt: 9, workerId: 'worker-2' })

  await writer.end({ state: 'succeeded' })

  expect(states().at(-1)).toBe('succeeded 0 worker-1')
})

test('the writer throws no error when a write fails, and later writes reach the store', async () => {
  let away = true
  const { writer, later, states } = aStatusWriter({
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

test('the writer writes its next status also when the answer to the last write was lost', async () => {
  let answersLost = false
  const { writer, later, states } = aStatusWriter({
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

  test.each(STATES)('stays that of the first upload when the worker writes %s', async (state) => {
    const { writer, another, later, written } = aStatusWriter()
    await another('queued', { attempt: 0, workerId: 'x' }, [], { ...JOB, origin: FIRST })
    await writer.end({ state })
    await later(1_000)
    expect(written().map((status) => [status.state, status.origin.key])).toEqual([
      ['queued', FIRST.key],
      [state, FIRST.key],
    ])
  })

  test('stays that of the first upload when that status appears between read and create', async () => {
    let interfere: (() => Promise<unknown>) | null = null
    const { writer, another, written } = aStatusWriter({
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
