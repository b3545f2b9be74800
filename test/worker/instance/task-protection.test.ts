import { describe, expect, onTestFinished, test } from 'vitest'
import type { TaskProtectionAnswer } from '../../../worker/instance/ecs-agent.ts'
import { openTaskProtection } from '../../../worker/instance/task-protection.ts'
import type { WorkerLogEvent } from '../../../worker/telemetry/worker-event.ts'
import { virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'

const MINUTE_MS = 60_000

const received = (jobId: string): WorkerLogEvent => ({
  ...{ type: 'job-received', jobId },
  ...{ attempt: 1, waitingSeconds: 0 },
})
const ended = (jobId: string): WorkerLogEvent => ({ type: 'job-released', jobId, reason: 'SIGTERM' })
const progress = (jobId: string): WorkerLogEvent => ({
  ...{ type: 'job-progress', jobId },
  progress: { phase: 'denoise', step: 1, steps: 25 },
})

/** The agent's answer to the nth request, from 0. */
type Agent = (place: number, signal: AbortSignal) => TaskProtectionAnswer | Promise<TaskProtectionAnswer>

/** A worker's task, and an agent that records each request with its time. */
const aTask = (agent: Agent = () => 'done', random = () => 1) => {
  const time = openVirtualTime()
  const asked: string[] = []
  const told: WorkerLogEvent[] = []
  const drained: string[] = []
  const stop = new AbortController()
  let requests = 0
  const protection = openTaskProtection({
    async protect(minutes, signal) {
      asked.push(`${time.nowMs() / 1000} s: ${minutes === null ? 'none' : `${minutes} min`}`)
      return agent(requests++, signal)
    },
    clock: virtualClock(time),
    random,
    silentSeconds: 40 * 60,
    onEvent: (event) => told.push(event),
    onBlocked: (reason) => drained.push(`${time.nowMs() / 1000} s: ${reason}`),
  })
  const running = protection.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  const tell = (atMs: number, ...events: readonly WorkerLogEvent[]): void => {
    time.after(atMs - time.nowMs(), () => events.forEach(protection.onEvent))
  }
  const runTo = async (untilMs: number): Promise<void> => {
    let over = false
    time.after(untilMs - time.nowMs(), () => {
      over = true
    })
    await time.runUntil(() => over, untilMs)
  }
  return { asked, told, drained, tell, runTo, stop, running }
}

test('a task is protected from its first job until a minute after its last job', async () => {
  const task = aTask()
  task.tell(1_000, received('a'))
  task.tell(5_000, received('b'))
  task.tell(20_000, ended('a'))
  task.tell(30_000, ended('b'))

  await task.runTo(10 * MINUTE_MS)

  expect(task.asked).toEqual(['1 s: 60 min', '90 s: none'])
  expect(task.told).toEqual([{ type: 'task-protected', minutes: 60 }, { type: 'task-unprotected' }])
})

test('a task requests no protection while it has no job', async () => {
  const task = aTask()
  task.tell(1_000, { type: 'worker-started', workerId: 'worker-1' })

  await task.runTo(24 * 60 * MINUTE_MS)

  expect(task.asked).toEqual([])
})

test('a task stays protected when its next job comes within a minute', async () => {
  const task = aTask()
  for (let n = 0; n < 10; n++) {
    task.tell(n * 80_000, received(`job-${n}`))
    task.tell(n * 80_000 + 25_000, ended(`job-${n}`))
  }

  await task.runTo(15 * MINUTE_MS)

  expect(task.asked).toEqual(['0 s: 60 min', '320 s: 60 min', '640 s: 60 min', '805 s: none'])
})

test('protection is renewed every five minutes while a job runs for hours', async () => {
  const task = aTask()
  task.tell(0, received('a'))
  for (let minute = 10; minute < 150; minute += 10) task.tell(minute * MINUTE_MS, progress('a'))
  task.tell(149 * MINUTE_MS, ended('a'))

  await task.runTo(160 * MINUTE_MS)

  const renewals = Array.from({ length: 30 }, (_, n) => `${n * 300} s: 60 min`)
  expect(task.asked).toEqual([...renewals, '9000 s: none'])
})

test('protection is not renewed for a job without progress for 40 minutes', async () => {
  const task = aTask()
  task.tell(0, received('a'))

  await task.runTo(24 * 60 * MINUTE_MS)

  expect(task.asked).toEqual(Array.from({ length: 9 }, (_, n) => `${n * 300} s: 60 min`))
})

test('protection is renewed again at the next progress of the job', async () => {
  const task = aTask()
  task.tell(0, received('a'))
  task.tell(90 * MINUTE_MS, progress('a'))

  await task.runTo(91 * MINUTE_MS)

  expect(task.asked.slice(9)).toEqual([`${90 * 60} s: 60 min`])
})

test('a failed request is retried after growing delays of at most five minutes', async () => {
  const task = aTask((place) => {
    if (place < 8) throw new Error('ThrottlingException: Rate exceeded')
    return 'done'
  })
  task.tell(0, received('a'))

  await task.runTo(30 * MINUTE_MS)

  const seconds = task.asked.slice(0, 9).map((line) => Number.parseFloat(line))
  expect(seconds).toEqual([0, 5, 15, 35, 75, 155, 315, 615, 915])
  expect(task.told.slice(0, 2)).toEqual([
    { type: 'task-protection-failed', reason: 'ThrottlingException: Rate exceeded', retryInSeconds: 5 },
    { type: 'task-protection-failed', reason: 'ThrottlingException: Rate exceeded', retryInSeconds: 10 },
  ])
  expect(task.told[8]).toEqual({ type: 'task-protected', minutes: 60 })
})

test('a request without an answer within ten seconds is cancelled and retried', async () => {
  const task = aTask((place, signal) =>
    place > 0
      ? 'done'
      : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )
  task.tell(0, received('a'))

  await task.runTo(MINUTE_MS)

  expect(task.asked).toEqual(['0 s: 60 min', '15 s: 60 min'])
})

test('protection is removed after the last job even when the answer to its request was lost', async () => {
  const task = aTask((place) => {
    if (place === 0) throw new Error('the answer got lost')
    return 'done'
  })
  task.tell(0, received('a'))
  task.tell(1_000, ended('a'))

  await task.runTo(5 * MINUTE_MS)

  expect(task.asked).toEqual(['0 s: 60 min', '61 s: none'])
})

test('a job that comes while protection is being removed gets protection again', async () => {
  let answer = (_: TaskProtectionAnswer): void => {}
  const task = aTask((place) =>
    place === 1
      ? new Promise((resolve) => {
          answer = resolve
        })
      : 'done',
  )
  task.tell(0, received('a'))
  task.tell(1_000, ended('a'))
  task.tell(62_000, received('b'))

  await task.runTo(63_000)
  answer('done')
  await task.runTo(64_000)

  expect(task.asked).toEqual(['0 s: 60 min', '61 s: none', '63 s: 60 min'])
})

test('a task that no service started requests protection once and reports why it has none', async () => {
  const task = aTask(() => 'no-service')
  task.tell(0, received('a'))
  task.tell(MINUTE_MS, ended('a'))
  task.tell(2 * MINUTE_MS, received('b'))

  await task.runTo(30 * MINUTE_MS)

  expect(task.asked).toEqual(['0 s: 60 min'])
  expect(task.told).toEqual([
    {
      type: 'task-protection-failed',
      reason: 'no service started this task: it cannot be protected',
      retryInSeconds: null,
    },
  ])
})

test('task protection ends when its signal aborts during a request', async () => {
  const task = aTask((_, signal) => new Promise((__, reject) => signal.addEventListener('abort', reject)))
  task.tell(0, received('a'))
  await task.runTo(1_000)

  task.stop.abort()

  await task.running
  expect(task.told).toEqual([])
})

test('protection is renewed at a random time in the second half of each five minutes', async () => {
  const task = aTask(undefined, () => 0.2)
  task.tell(0, received('a'))

  await task.runTo(10 * MINUTE_MS)

  expect(task.asked.slice(0, 3)).toEqual(['0 s: 60 min', '180 s: 60 min', '360 s: 60 min'])
})

describe('when ECS refuses protection because a deployment waits for the task', () => {
  const BLOCKED = 'ECS waits for this task to end (DEPLOYMENT_BLOCKED)'
  /** An agent that refuses its second request. */
  const refusing: Agent = (place) => (place === 1 ? 'deployment-blocked' : 'done')

  test('the worker drains, sends no renewal, and removes protection after its job', async () => {
    const task = aTask(refusing)
    task.tell(0, received('a'))
    task.tell(20 * MINUTE_MS, progress('a'))
    task.tell(40 * MINUTE_MS, ended('a'))

    await task.runTo(60 * MINUTE_MS)

    expect(task.drained).toEqual([`300 s: ${BLOCKED}`])
    expect(task.asked).toEqual(['0 s: 60 min', '300 s: 60 min', '2400 s: none'])
    expect(task.told).toEqual([
      { type: 'task-protected', minutes: 60 },
      { type: 'task-protection-failed', reason: BLOCKED, retryInSeconds: null },
      { type: 'task-unprotected' },
    ])
  })

  test('a refused first request is not followed by a request to remove protection', async () => {
    const task = aTask(() => 'deployment-blocked')
    task.tell(0, received('a'))
    task.tell(1_000, ended('a'))

    await task.runTo(60 * MINUTE_MS)

    expect([task.asked, task.drained]).toEqual([['0 s: 60 min'], [`0 s: ${BLOCKED}`]])
  })

  test('a refused request to remove protection is not repeated', async () => {
    const task = aTask(refusing)
    task.tell(0, received('a'))
    task.tell(1_000, ended('a'))

    await task.runTo(60 * MINUTE_MS)

    expect(task.asked).toEqual(['0 s: 60 min', '61 s: none'])
  })
})
