import { describe, expect, test } from 'vitest'
import { aQueueOnStandIn, CARD_UUID, standInMachine } from './commands-on-stand-in.ts'
import { openStandIn } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()

/** The probe of a worker's start launches one kernel, so that only a renderer reaches the hundredth. */
const inRenderer = (status: number): string => `launch:100:${status}`

describe.skipIf(obstacle !== null)(`svd worker on CUDA${title}`, () => {
  test.each([
    { precision: 'fp16', tf32: undefined },
    { precision: 'fp32', tf32: '0' },
  ])('loads once for two jobs of one shape, and reports GPU and precision: $precision', async (row) => {
    const { precision, tf32 } = row
    const queue = await aQueueOnStandIn()
    const jobIds = await queue.submit(2)

    const worker = queue.startWorker('--device', 'cuda', '--precision', precision, '--until-idle', '3')
    await worker.line('job succeeded')
    const environment = await worker.rendererEnvironment()
    const { exitCode, stderr } = await worker.end()

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const results = await queue.resultsOf(jobIds)
    expect(results).toMatchObject(
      Array(2).fill({
        state: 'succeeded',
        outputs: [{ frames: 3, quality: { faults: [], warnings: [] } }],
        worker: { execution_provider: 'cuda', device: 'NVIDIA A10G', precision },
      }),
    )
    const [first = 0, second = 0] = results.map((result) => result?.seconds?.load ?? 0)
    expect(first).toBeGreaterThan(0)
    expect(second).toBeLessThan(first / 10)
    const { CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER, NVIDIA_TF32_OVERRIDE } = environment
    expect([CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER]).toEqual([CARD_UUID, 'PCI_BUS_ID'])
    expect(NVIDIA_TF32_OVERRIDE).toBe(tf32)
  })

  test('receives no more jobs after the GPU is lost, releases its jobs, and exits with code 1', async () => {
    const queue = await aQueueOnStandIn()
    const jobIds = await queue.submit(3)
    await queue.failOnce(inRenderer(214))

    const { exitCode, stderr, lines } = await queue.startWorker('--device', 'cuda').end()

    expect(await queue.hasFailed()).toBe(true)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(
      /^error: giving up: \w+: the card is lost \(CUDA error cudaErrorECCUncorrectable:.*; the jobs remain in the queue\n/,
    )
    const messages = lines.map(({ message }) => message)
    expect(messages.filter((message) => message === 'job received').length).toBeLessThanOrEqual(2)
    expect(messages).not.toContain('job will be tried again')
    expect(await queue.resultsOf(jobIds)).toEqual([null, null, null])
    expect(await queue.depths()).toEqual({ waiting: 3, leased: 0, later: 0, dead: 0 })
  })

  test('renders in a new process after a lost context, and also the job that failed', async () => {
    const queue = await aQueueOnStandIn()
    const jobIds = await queue.submit(2)
    await queue.failOnce(inRenderer(700))

    // The job that failed is taken twice.
    const worker = queue.startWorker('--device', 'cuda', '--max-jobs', '3')
    const retry = await worker.line('job will be tried again')
    const { exitCode, messages } = await worker.end()

    expect(retry['reason']).toContain(
      "the card stopped this process's work (CUDA error cudaErrorIllegalAddress:",
    )
    expect(exitCode).toBe(0)
    expect(messages.filter((message) => message === 'job succeeded')).toHaveLength(2)
    expect(await queue.resultsOf(jobIds)).toMatchObject(Array(2).fill({ state: 'succeeded' }))
    expect(await queue.depths()).toEqual({ waiting: 0, leased: 0, later: 0, dead: 0 })
  })

  test('renders a job with a smaller plan after full memory, and later jobs too', async () => {
    const queue = await aQueueOnStandIn()
    const jobIds = await queue.submit(2)
    // The probe makes two handles.
    await queue.failOnce('cublasCreate_v2:4:1')

    const worker = queue.startWorker('--device', 'cuda', '--memory', 'resident', '--max-jobs', '2')
    const { exitCode, messages } = await worker.end()

    expect(await queue.hasFailed()).toBe(true)
    expect(exitCode).toBe(0)
    expect(messages).not.toContain('job will be tried again')
    const results = await queue.resultsOf(jobIds)
    expect(results).toMatchObject(Array(2).fill({ state: 'succeeded', attempt: 1 }))
    // Networks that stay would be loaded once.
    const [first = 0, second = 0] = results.map((result) => result?.seconds?.load ?? 0)
    expect(second).toBeGreaterThan(first / 10)
  })

  test('lets a job wait if other processes on the GPU leave too little memory', async () => {
    const queue = await aQueueOnStandIn({ SVD_STAND_IN_FREE_MEBIBYTES: '601' })
    const jobIds = await queue.submit(1)

    const worker = queue.startWorker('--device', 'cuda', '--max-jobs', '1')
    const wait = await worker.line('job has to wait')
    const { exitCode } = await worker.end()

    expect(wait['reason']).toMatch(
      /^memory: \w+ needs \d+ MB, and 618 MB are there, because other processes use 23\.0 GB of 23\.6 GB; /,
    )
    expect(exitCode).toBe(0)
    expect(await queue.resultsOf(jobIds)).toEqual([null])
    expect(await queue.depths()).toMatchObject({ leased: 1, dead: 0 })
  })

  test('starts a renderer without the attention that cuDNN refuses, and reports it', async () => {
    const queue = await aQueueOnStandIn({
      ...(await standInMachine('h100')),
      SVD_STAND_IN_FAIL: 'cudnn_graph:0:3000',
    })
    const jobIds = await queue.submit(1)

    const worker = queue.startWorker('--device', 'cuda', '--until-idle', '3')
    await worker.line('job succeeded')
    const environment = await worker.rendererEnvironment()
    const restart = await worker.line('renderer restarted')
    const { exitCode } = await worker.end()

    expect(exitCode).toBe(0)
    expect(restart['reason']).toContain('cuDNN refuses its attention')
    expect(environment['ORT_ENABLE_CUDNN_FLASH_ATTENTION']).toBe('0')
    expect(await queue.resultsOf(jobIds)).toMatchObject([
      { state: 'succeeded', worker: { device: 'NVIDIA H100 80GB HBM3' } },
    ])
  })

  test.each<[string, Readonly<Record<string, string>>, readonly string[], string]>([
    [
      'the provider is missing',
      // The installed onnxruntime-node, which never has one.
      { SVD_DEVICE: 'cuda', NODE_OPTIONS: '' },
      [],
      'SVD_DEVICE: got cuda, but CUDA cannot be loaded:\n',
    ],
    [
      'the requested GPU does not exist',
      {},
      ['--device', 'cuda:1'],
      '--device: got cuda:1, but there is no such card: cuda:0 is NVIDIA A10G',
    ],
    [
      'the GPU runs nothing',
      { SVD_STAND_IN_FAIL: 'cudaSetDevice:1:802' },
      ['--device', 'cuda'],
      'a graph of one node does not run on it: probe: the card is lost (CUDA failure 802:',
    ],
    [
      'the GPU computes wrong results',
      { SVD_STAND_IN_PROBE: '' },
      ['--device', 'cuda'],
      '1 + 10 and 2 + 20 gave 0,0, not 11 and 22',
    ],
  ])('takes no job, and renders nothing on the CPU, if %s', async (_, env, options, fault) => {
    const queue = await aQueueOnStandIn(env)
    await queue.submit(1)

    const { exitCode, stderr, messages } = await queue.startWorker(...options).end()

    expect(exitCode).toBe(1)
    expect(stderr).toContain('this machine cannot take jobs:\nfail  device')
    expect(stderr).toContain(fault)
    expect(messages).not.toContain('worker started')
    expect(await queue.depths()).toEqual({ waiting: 1, leased: 0, later: 0, dead: 0 })
  })
})
