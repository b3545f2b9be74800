import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { jobIdOf } from '../../../../shared/contracts/job-id.ts'
import type { JobMessage } from '../../../../shared/contracts/job-message.ts'
import { systemClock } from '../../../../shared/system-clock.ts'
import type { Services } from '../../../../worker/aws/services.ts'
import type { CommandContext } from '../../../../worker/cli/command-context.ts'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import type { WorkerCommandOptions } from '../../../../worker/cli/worker/options.ts'
import { runWorkerCommand } from '../../../../worker/cli/worker/worker.ts'
import type { Machine } from '../../../../worker/preflight/machine.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { openMemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { aMetadataService } from '../../../fixtures/metadata-service.ts'
import { openScriptedEndpoint } from '../../../fixtures/scripted-endpoint.ts'
import { storedJson } from '../../../fixtures/stored-json.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { demoRecord } from '../../models/a-pushed-model.ts'
import { aMachine } from '../../preflight/a-machine.ts'
import { DEMO_CHECKPOINT, NO_CARDS, NO_DESKTOP } from '../a-command-line.ts'

interface CommandOptions {
  readonly options?: WorkerCommandOptions
  readonly environment?: Readonly<Record<string, string>>
  readonly machine?: Partial<Machine>
  readonly signal?: AbortSignal
  /** Message that is in the queue at the start. */
  readonly job?: JobMessage
  readonly onLine?: (message: string) => void
}

/** A job for the model of the worker. Its image exists, but cannot be prepared. */
const aDemoJob = async (): Promise<JobMessage> => {
  const job = aJobMessage()
  const { model_id: id, sha256 } = await demoRecord()
  const model = { id, sha256 }
  return { ...job, model, job_id: jobIdOf(job.image.pixels_sha256, job.parameters, model) }
}

/** Runs `svd worker` on queues and buckets in memory, without rendering. */
const runWorker = async (command: CommandOptions) => {
  const { options, environment, machine, signal, job, onLine = () => {} } = command
  const lines: Record<string, unknown>[] = []
  const queues = new Map<string, ReturnType<typeof openMemoryMessageQueue>>()
  const store = openMemoryObjectStore({ bucket: 'clips', now: Date.now })
  if (job !== undefined)
    await store.put(
      job.image.key,
      new Uint8Array(1),
      { contentType: 'image/png' },
      new AbortController().signal,
    )
  const services: Services = {
    clock: systemClock,
    openBucket: () => store,
    openQueue(url) {
      const queue = openMemoryMessageQueue({ url, now: Date.now })
      queues.set(url, queue)
      if (url === 'jobs' && job !== undefined)
        void queue.send([{ body: JSON.stringify(job), groupId: 'images' }], new AbortController().signal)
      return queue
    },
    readQueueSettings: async () => ({ maxReceiveCount: 50 }),
    openAccount: () => Promise.reject(new Error('a worker asks nothing about the account')),
    async [Symbol.asyncDispose]() {},
  }
  const never = (): never => {
    throw new Error('nothing is to be rendered')
  }
  let opened: number | undefined
  const context: CommandContext = {
    environment: environment ?? {},
    stdout: {
      write(text) {
        for (const line of text.split('\n').filter((part) => part !== '')) {
          lines.push(JSON.parse(line))
          onLine(JSON.parse(line).message)
        }
      },
    },
    stderr: new PassThrough(),
    signal: signal ?? new AbortController().signal,
    prepareImage: never,
    openImageProcess: () => ({ prepareImage: never, async [Symbol.asyncDispose]() {} }),
    finishClip: never,
    desktop: NO_DESKTOP,
    deviceProbes: NO_CARDS,
    openRenderer(_, limits) {
      opened = limits?.stallTimeoutMs
      const close = async (): Promise<void> => {}
      return { render: never, close, [Symbol.asyncDispose]: close }
    },
    openServices: async () => services,
  }
  const scratchDir = await temporaryDir()
  const exitCode = await runWorkerCommand(
    {
      ...{ model: DEMO_CHECKPOINT, outputBucket: 'clips', jobsQueueUrl: 'jobs' },
      ...{ scratchDir, untilIdle: '1' },
      ...options,
    },
    context,
    aMachine(machine),
  )
  const messages = lines.map(({ message }) => message)
  return { exitCode, lines, messages, store, queues, opened }
}

test('svd worker runs its checks, starts, and stops after --until-idle seconds without a job', async () => {
  const { exitCode, lines, messages, store } = await runWorker({})

  expect(exitCode).toBe(0)
  expect(messages).toEqual([
    'check node',
    'check onnxruntime',
    'check ffmpeg',
    'check memory',
    'check device',
    'check scratch',
    'check outputs',
    'check queue',
    'check model',
    'worker started',
    'worker stopped',
  ])
  expect(lines.at(-1)).toMatchObject({ level: 'INFO', reason: 'idle for 1 s', jobs: 0 })
  expect(store.keys()).toEqual([])
})

test('svd worker does not start when SVD_DEVICE names a GPU that is missing', async () => {
  const running = runWorker({ environment: { SVD_DEVICE: 'cuda' } })

  await expect(running).rejects.toThrow(
    'this machine cannot take jobs:\nfail  device        SVD_DEVICE: got cuda, but no NVIDIA driver answers ' +
      '(spawn nvidia-smi ENOENT); install one, or use cpu',
  )
})

test('svd worker does not start on a machine that fails a check', async () => {
  const lines: string[] = []

  const running = runWorker({
    machine: { freeDiskBytes: async () => 1e6 },
    onLine: (message) => lines.push(message),
  })

  await expect(running).rejects.toThrow(/this machine cannot take jobs:\nfail {2}scratch/)
  expect(lines).not.toContain('worker started')
})

test('svd worker names all missing options in one error', async () => {
  const options = { model: '', outputBucket: '', jobsQueueUrl: '' }

  const running = runWorker({ options, environment: { SVD_OUTPUT_BUCKET: 'clips' } })

  await expect(running).rejects.toThrow(InvalidInputError)
  await expect(running).rejects.toThrow('--model or SVD_MODEL, --jobs-queue-url or SVD_JOBS_QUEUE_URL (')
})

test('svd worker drains at SIGTERM, and exits with 0', async () => {
  const controller = new AbortController()

  const { exitCode, lines } = await runWorker({
    options: { untilIdle: '60', drainSeconds: '7' },
    signal: controller.signal,
    onLine(message) {
      if (message === 'worker started') controller.abort(new InterruptedError('SIGTERM'))
    },
  })

  expect(exitCode).toBe(0)
  expect(lines.at(-2)).toMatchObject({ message: 'draining', reason: 'SIGTERM' })
  expect(lines.at(-2)?.['seconds_left']).toBeCloseTo(7, 0)
  expect(lines.at(-1)).toMatchObject({ message: 'worker stopped', reason: 'SIGTERM' })
})

test('svd worker is interrupted by a signal that arrives before it starts', async () => {
  const controller = new AbortController()

  const running = runWorker({
    signal: controller.signal,
    onLine(message) {
      if (message === 'check memory') controller.abort(new InterruptedError('SIGINT'))
    },
  })

  await expect(running).rejects.toBeInstanceOf(InterruptedError)
})

test('svd worker opens the dead-letter queue when its URL is given', async () => {
  const { queues } = await runWorker({ environment: { SVD_DEAD_LETTER_QUEUE_URL: 'dead' } })

  expect([...queues.keys()]).toEqual(['jobs', 'dead'])
})

test.each([
  ['1', 'job failed'],
  ['2', 'job will be tried again'],
  [undefined, 'job will be tried again'],
])(
  'svd worker with --max-attempts %o logs after the first failure of a job: %s',
  async (maxAttempts, message) => {
    const options = maxAttempts === undefined ? {} : { maxAttempts }

    const { messages } = await runWorker({ job: await aDemoJob(), options })

    expect(messages).toContain(message)
  },
)

test('svd worker refuses a heartbeat interval that allows no failed heartbeat', async () => {
  const running = runWorker({ options: { beatSeconds: '50' } })

  await expect(running).rejects.toThrow('--beat-seconds: got 50 with --visibility-seconds 120')
})

test('svd worker gives the renderer the time limit of --stall-seconds', async () => {
  expect((await runWorker({ options: { stallSeconds: '90' } })).opened).toBe(90_000)
})

test('svd worker answers health checks with 200', async () => {
  let answer: Promise<Response> | undefined
  const port = 20_000 + (process.pid % 20_000)

  await runWorker({
    options: { healthPort: String(port) },
    onLine(message) {
      if (message === 'worker started') answer = fetch(`http://127.0.0.1:${port}/health`)
    },
  })

  expect((await answer)?.status).toBe(200)
})

test('svd worker writes the health port that it chose to SVD_HEALTH_PORT_FILE', async () => {
  const file = path.join(await temporaryDir(), 'health-port')
  let answer: Promise<Response> | undefined
  const { exitCode } = await runWorker({
    environment: { SVD_HEALTH_PORT: '0', SVD_HEALTH_PORT_FILE: file },
    onLine(message) {
      if (message !== 'worker started') return
      answer = readFile(file, 'utf8').then((port) => fetch(`http://127.0.0.1:${port.trim()}/health`))
    },
  })

  expect([exitCode, (await answer)?.status]).toEqual([0, 200])
})

describe('svd worker in a task of an ECS service', () => {
  const anAgent = () => {
    const protection = { ProtectionEnabled: true, ExpirationDate: null, TaskArn: 'task' }
    return openScriptedEndpoint(() => ({ status: 200, body: JSON.stringify({ protection }) }))
  }

  test('protects the task from scale-in when it has a job', async () => {
    const agent = await anAgent()

    const { messages } = await runWorker({ environment: { ECS_AGENT_URI: agent.url }, job: aJobMessage() })

    expect(agent.requests).toMatchObject([{ method: 'PUT', url: '/task-protection/v1/state' }])
    expect(messages).toContain('task protected from scale-in')
  })

  test('drains without a time limit when ECS waits for the task to end', async () => {
    const failure = { Arn: 'task', Detail: null, Reason: 'DEPLOYMENT_BLOCKED' }
    const agent = await openScriptedEndpoint(() => ({ status: 200, body: JSON.stringify({ failure }) }))

    const { exitCode, lines } = await runWorker({
      environment: { ECS_AGENT_URI: agent.url },
      job: await aDemoJob(),
    })

    expect(exitCode).toBe(0)
    const draining = lines.find(({ message }) => message === 'draining')
    expect(draining).toMatchObject({ reason: 'ECS waits for this task to end (DEPLOYMENT_BLOCKED)' })
    // The worker has as long as its clip takes.
    expect(draining).not.toHaveProperty('seconds_left')
    expect(agent.requests).toHaveLength(1)
  })

  test('processes its jobs when the ECS agent fails', async () => {
    const agent = await openScriptedEndpoint(() => 'lost')

    const { exitCode, messages } = await runWorker({
      environment: { ECS_AGENT_URI: agent.url },
      job: await aDemoJob(),
      options: { maxAttempts: '1' },
    })

    expect(exitCode).toBe(0)
    expect(messages).toEqual(expect.arrayContaining(['task protection failed', 'job failed']))
  })

  test('requests no task protection in a job of AWS Batch', async () => {
    const agent = await anAgent()

    await runWorker({
      environment: { ECS_AGENT_URI: agent.url, AWS_BATCH_JOB_ID: 'job' },
      job: aJobMessage(),
    })

    expect(agent.requests).toEqual([])
  })
})

test('svd worker reads the price of its instance when SVD_USD_PER_HOUR is auto', async () => {
  const { endpoint } = await aMetadataService({
    '/latest/meta-data/instance-type': 'g6.xlarge',
    '/latest/meta-data/instance-life-cycle': 'on-demand',
  })
  const environment = { SVD_USD_PER_HOUR: 'auto', AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }

  const job = await aDemoJob()

  const { lines, store } = await runWorker({ environment, job, options: { maxAttempts: '1' } })

  expect(lines).toContainEqual(
    expect.objectContaining({ message: 'machine has a price', usd_per_hour: 0.8048 }),
  )
  const result = await storedJson(store, resultKey(job.job_id))
  expect(result).toMatchObject({ cost_usd: 0 })
})
