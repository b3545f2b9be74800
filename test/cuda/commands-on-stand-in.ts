import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import { encodePng } from '../../shared/image/encode-png.ts'
import { readResult } from '../../shared/records/read-result.ts'
import { openModel } from '../../worker/models/open-model.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { unaborted } from '../fixtures/unaborted.ts'
import { anEndpoint } from '../worker/cli/an-endpoint.ts'
import { type Card, standInProcess } from './stand-in-card.ts'

const DEMO = fileURLToPath(new URL('../../worker/demo', import.meta.url))
export const SMALL_CLIP = [
  '--width',
  '64',
  '--height',
  '64',
  '--num-frames',
  '3',
  '--num-inference-steps',
  '2',
]

type Environment = Readonly<Record<string, string>>

/** UUID of the card that the stand-in's driver reports. */
export const CARD_UUID = 'GPU-57a4d145-0000-4000-8000-000000000000'

/** Environment in which a whole command and all its processes find a machine with one card: driver, libraries, provider. */
export const standInMachine = async (card: Card & ('a10g' | 'h100') = 'a10g'): Promise<Environment> => {
  const { env, execArgv } = await standInProcess(card)
  return {
    ...env,
    NODE_OPTIONS: execArgv.join(' '),
    LD_LIBRARY_PATH: path.dirname(env['SVD_STAND_IN_REPORT'] ?? ''),
    SVD_STAND_IN_PROBE: 'adds',
  }
}

/** The demo's; the queue and the worker have to agree on it. */
const readModelRecord = async () => {
  const openStore = (): never => {
    throw new Error('the demo checkpoint is a folder')
  }
  const options = { cacheDir: null, variant: null, field: '--model', openStore }
  return (await openModel(DEMO, options, unaborted)).record
}

/** Kernels compute nothing, so every frame is black. Of a black image, such a clip passes its checks. */
export const writeBlackImage = async (file: string): Promise<void> => {
  const [width, height] = [64, 64]
  await writeFile(file, await encodePng({ width, height, data: new Uint8Array(width * height * 3) }))
}

export type LogLine = Readonly<Record<string, unknown>>

/** Processes that a process has started and not ended yet, with their command lines. */
const childrenOf = async (processId: number | undefined) => {
  const children = await readFile(`/proc/${processId}/task/${processId}/children`, 'utf8')
  const read = async (id: string) => ({
    id,
    command: await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''),
  })
  return await Promise.all(children.trim().split(' ').map(read))
}

/** `svd worker` in a process of its own. */
const followWorker = (child: ReturnType<Awaited<ReturnType<typeof anEndpoint>>['svd']>) => {
  const lines: LogLine[] = []
  const waiting = new Set<() => void>()
  const stdout = createInterface({ input: child.stdout })
  stdout.on('line', (text) => {
    lines.push(JSON.parse(text))
    for (const look of waiting) look()
  })
  const closed = new Promise<void>((resolve) => stdout.once('close', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    /** The first line with this message. Throws if the process ends without one. */
    line: (message: string): Promise<LogLine> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line['message'] === message)
          if (found !== undefined) resolve(found)
        }
        waiting.add(look)
        look()
        void closed.then(() => reject(new Error(`no line '${message}' in ${JSON.stringify(lines)}`)))
      }),
    /** Variables of the renderer's process, which has to run. */
    async rendererEnvironment(): Promise<Environment> {
      const children = await childrenOf(child.pid)
      const renderer = children.find(({ command }) => command.includes('renderer/main.ts'))
      const text = await readFile(`/proc/${renderer?.id}/environ`, 'utf8')
      return Object.fromEntries(
        text.split('\0').map((entry) => [entry.split('=', 1)[0], entry.slice(entry.indexOf('=') + 1)]),
      )
    },
    async end() {
      const { exitCode, stderr } = await child
      await closed
      return { exitCode, stderr, messages: lines.map(({ message }) => message), lines }
    },
  }
}

/** An endpoint of S3 and SQS, and commands over the stand-in that find it. */
export const aQueueOnStandIn = async (env: Environment = {}) => {
  const folder = await temporaryDir()
  const fault = path.join(folder, 'fault')
  const endpoint = await anEndpoint(await readModelRecord(), {
    env: {
      ...(await standInMachine()),
      SVD_CACHE_DIR: path.join(folder, 'cache'),
      SVD_STAND_IN_FAIL: `@${fault}`,
      ...env,
    },
  })
  const image = path.join(folder, 'black.png')
  await writeBlackImage(image)
  const { svd, output, jobs, deadLetters } = endpoint
  return {
    ...endpoint,
    /** The first process that gets to the call fails there (see stand-in/fail.c), and only that one. */
    failOnce: (call: string) => writeFile(fault, call),
    /** Whether the fault that was asked for happened. */
    hasFailed: async () => !(await readdir(folder)).includes('fault'),
    /** Ids of new jobs. */
    async submit(count: number, ...options: readonly string[]): Promise<readonly string[]> {
      const jobIds: string[] = []
      for (let seed = 0; seed < count; seed++) {
        const submitted = await svd('submit', image, ...SMALL_CLIP, '--seed', `${seed}`, '--json', ...options)
        expect({ exitCode: submitted.exitCode, stderr: submitted.stderr }).toEqual({
          exitCode: 0,
          stderr: expect.any(String),
        })
        for (const { job_id } of JSON.parse(submitted.stdout).jobs) jobIds.push(job_id)
      }
      return jobIds
    },
    startWorker: (...options: readonly string[]) =>
      followWorker(
        svd(
          ...['worker', '--model', DEMO, '--scratch-dir', path.join(folder, 'scratch')],
          ...['--conditional-writes', 'optional', ...options],
        ),
      ),
    resultsOf: (jobIds: readonly string[]): Promise<(ResultRecord | null)[]> =>
      Promise.all(jobIds.map(async (jobId) => (await readResult(output, jobId, unaborted))?.record ?? null)),
    async depths() {
      const [waiting, dead] = await Promise.all([jobs.depth(unaborted), deadLetters.depth(unaborted)])
      return {
        waiting: waiting.visible,
        leased: waiting.inFlight,
        later: waiting.delayed,
        dead: dead.visible,
      }
    },
  }
}
