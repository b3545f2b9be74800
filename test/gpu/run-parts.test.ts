import { expect, test } from 'vitest'
import type { Findings } from './report.ts'
import { type Part, runParts } from './run-parts.ts'

const NOTHING: Findings = { tables: [], notes: [], failures: [] }

/** A clock that parts put forward, and the limits that they were given. */
const aRun = (budgetSeconds: number) => {
  let seconds = 0
  const limits: number[] = []
  const stops = new AbortController()
  const part = (name: string, takesSeconds: number, findings: Partial<Findings> = {}): Part => ({
    ...{ name, leastSeconds: 10, mostSeconds: 100 },
    async run() {
      seconds += takesSeconds
      return { ...NOTHING, ...findings }
    },
  })
  return {
    part,
    limits,
    stops,
    run: (parts: readonly Part[]) =>
      runParts(parts, {
        budgetSeconds,
        now: () => seconds,
        timeLimit(limit) {
          limits.push(limit)
          return stops.signal
        },
        onDone: () => {},
      }),
  }
}

test('a part gets the rest of the budget, but at most its own limit', async () => {
  const { part, run, limits } = aRun(150)
  const reports = await run([part('first', 70), part('second', 30)])
  expect(limits).toEqual([100, 80])
  expect(reports.map(({ status, seconds }) => [status, seconds])).toEqual([
    ['ok', 70],
    ['ok', 30],
  ])
})

test('a part is skipped with a note if too little of the budget is left', async () => {
  const { part, run } = aRun(75)
  const [, second] = await run([part('first', 70), part('second', 30)])
  expect(second).toMatchObject({
    status: 'skipped',
    seconds: null,
    notes: ['5 s are left, and it needs 10; run it alone with --parts second'],
  })
})

test('a part that throws or finds a failure does not stop the next one', async () => {
  const { part, run } = aRun(300)
  const broken: Part = { ...part('broken', 0), run: () => Promise.reject(new Error('no card')) }
  const reports = await run([broken, part('wrong', 1, { failures: ['a value is wrong'] }), part('right', 1)])
  expect(reports.map(({ part: name, status, failures }) => [name, status, failures])).toEqual([
    ['broken', 'failed', ['no card']],
    ['wrong', 'failed', ['a value is wrong']],
    ['right', 'ok', []],
  ])
})

test('a part that cannot run on the machine is skipped without a failure', async () => {
  const { part, run } = aRun(300)
  const [report] = await run([part('diffusers', 1, { skipped: true, notes: ['there is no torch'] })])
  expect(report).toMatchObject({ status: 'skipped', notes: ['there is no torch'], failures: [] })
})

test('a part that was aborted has failed, even if it had findings', async () => {
  const { part, run, stops } = aRun(300)
  stops.abort()
  const [report] = await run([part('slow', 100, { notes: ['half of it'] })])
  expect(report).toMatchObject({
    status: 'failed',
    notes: ['half of it'],
    failures: ['it was stopped after 100 s, so that what is not in its tables did not run'],
  })
})
