import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { InferenceSession } from 'onnxruntime-node'
import { encodeOnnx, type OnnxModel, type Sizes } from '../../worker/compiler/graph/encode-onnx.ts'
import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { findObstacle, makeCudnn, makeLibraries, makeRuntime } from './stand-in/files.ts'
import { shortKernelName } from './stand-in/kernel-name.ts'
import { type Placement, parsePlacement } from './stand-in/placement.ts'
import type { ChildAnswer, ChildPhase, ChildRequest } from './stand-in/request.ts'

/** Cards whose figures `stand-in/card.c` has. */
export type Card = 'v100' | 't4' | 'a10g' | 'l4' | 'a100' | 'h100'

/** A model, and its inputs, all float32. */
export interface StandInModel extends OnnxModel {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]
}

export interface StandInOptions {
  /** Default a10g. */
  readonly card?: Card
  /** Runs after the session's creation. Default 2: the second shows what later runs take. */
  readonly runs?: number
  /** The way in which the model states the sizes of activations. Default: `open`, as in the product. */
  readonly sizes?: Sizes
  /** `enableMemPattern` of the session. Default false, because a pattern raises the peak of the second run. */
  readonly memPattern?: boolean
  /** The session's creation fails if a node is not on CUDA (`session.disable_cpu_ep_fallback`). Default false. */
  readonly strict?: boolean
  /** NVIDIA's own cuDNN plans the convolutions, and fetching it takes 500 MB. Default false: no plan takes workspace. */
  readonly realCudnn?: boolean
  /** Byte count of the card's memory. Default: all that its driver would report. */
  readonly memoryBytes?: number
  /** Environment of the child process, such as ORT_ENABLE_CUDNN_FLASH_ATTENTION. */
  readonly env?: Readonly<Record<string, string>>
  /** Override those that the fixture sets; `extra.session` is merged. */
  readonly sessionOptions?: InferenceSession.SessionOptions
  readonly timeoutMs?: number
}

/** The work that a session's creation, or one run, requested from the card. */
export interface CardWork {
  readonly seconds: number
  /** Launches by short name. Calls of cuBLAS and cuDNN that are no product and no convolution are among them. */
  readonly kernels: ReadonlyMap<string, number>
  /** Matrix products that cuBLAS was called for; a batched call is one. */
  readonly gemmCalls: number
  readonly convolutions: number
  /** Kernels, products and convolutions. */
  readonly launches: number
  readonly memsets: number
  readonly copiesOnDevice: number
  readonly hostToDeviceBytes: number
  readonly deviceToHostBytes: number
  /** Calls of cudaMalloc. */
  readonly mallocs: number
  /** The most device memory that was allocated at once, what was held before included. */
  readonly peakBytes: number
  /** Device memory allocated at the end. */
  readonly heldBytes: number
  /** Size of the last allocation that was refused; 0: there was none. */
  readonly refusedBytes: number
  /** Launches that a card would have refused. */
  readonly faults: readonly string[]
}

/** The last run's work, beside that of each step. */
export interface StandInRun extends Placement, CardWork {
  readonly creation: CardWork
  /** The last one is that which failed, if one did. */
  readonly runs: readonly CardWork[]
  readonly peakBytesAfterCreate: number
  readonly peakBytesPerRun: readonly number[]
  /** Shapes by name, of the last run. */
  readonly outputs: Readonly<Record<string, readonly number[]>>
  /** The message of the error with which creation or a run failed. */
  readonly error: string | null
  /** All that ONNX Runtime logged. */
  readonly log: string
}

interface Files {
  readonly libraries: string
  readonly runtime: string
}

const makeFiles = async (): Promise<Files> => {
  const obstacle = findObstacle()
  if (obstacle !== null) throw new Error(obstacle)
  return { libraries: await makeLibraries(), runtime: await makeRuntime() }
}

let files: Promise<Files> | undefined
let cudnn: Promise<string> | undefined
const openFiles = (): Promise<Files> => {
  files ??= makeFiles()
  return files
}
const openCudnn = (): Promise<string> => {
  cudnn ??= openFiles().then(makeCudnn)
  return cudnn
}

export interface OpenedStandIn {
  /** Why tests cannot run on the stand-in; null: they can. */
  readonly obstacle: string | null
  /** The same for the end of a test's title; empty where they can. */
  readonly title: string
}

/**
 * Builds the stand-in libraries and fetches ONNX Runtime's CUDA provider, where the cache lacks them; with `realCudnn`
 * also NVIDIA's cuDNN, of 500 MB. A machine without gcc, pip or the network is reported, not thrown.
 */
export const openStandIn = async ({ realCudnn = false } = {}): Promise<OpenedStandIn> => {
  try {
    await (realCudnn ? openCudnn() : openFiles())
    return { obstacle: null, title: '' }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const obstacle = message.trim().split('\n').at(-1) ?? ''
    return { obstacle, title: ` (skipped: ${obstacle})` }
  }
}

const tally = (counts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> => {
  const total = new Map<string, number>()
  for (const [name, count] of counts) {
    const short = shortKernelName(name)
    total.set(short, (total.get(short) ?? 0) + count)
  }
  return new Map([...total].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const sum = (counts: Iterable<readonly [string, number]>): number =>
  [...counts].reduce((total, [, count]) => total + count, 0)

const workOf = ({ seconds, counts }: ChildPhase): CardWork => {
  const { kernels, gemms, convolutions, copiesToDevice: _, copiesToHost: __, ...rest } = counts
  const [gemmCalls, convolutionCalls] = [sum(gemms), sum(convolutions)]
  return {
    ...rest,
    seconds,
    kernels: tally(kernels),
    gemmCalls,
    convolutions: convolutionCalls,
    launches: sum(kernels) + gemmCalls + convolutionCalls,
  }
}

const sessionOptionsOf = (
  externalDataDir: string | null,
  { memPattern = false, strict = false, sessionOptions = {} }: StandInOptions,
): InferenceSession.SessionOptions => ({
  executionProviders: ['cuda'],
  enableMemPattern: memPattern,
  ...sessionOptions,
  // The placement is read from the verbose log.
  logSeverityLevel: 0,
  extra: {
    ...sessionOptions.extra,
    session: {
      ...(externalDataDir !== null && { model_external_initializers_file_folder_path: externalDataDir }),
      ...(strict && { disable_cpu_ep_fallback: '1' }),
      ...(sessionOptions.extra?.['session'] as object | undefined),
    },
  },
})

const CHILD = fileURLToPath(new URL('./stand-in/child.ts', import.meta.url))
/** Folder of a program called nvidia-smi. */
const DRIVER = fileURLToPath(new URL('./stand-in/bin', import.meta.url))

/**
 * Makes a session of ONNX Runtime's CUDA provider on a card that is not there, and runs it with zeros. Placement,
 * checks, launches and allocations are the provider's own. Kernels do nothing, so outputs have shapes and no values.
 * Throws if the stand-in cannot be opened, or if the process ends before it answers.
 */
export const runOnStandIn = async (
  source: Graph | StandInModel,
  options: StandInOptions = {},
): Promise<StandInRun> => {
  const { libraries, runtime } = await openFiles()
  const { sizes = 'open' } = options
  const model: StandInModel =
    'bytes' in source ? source : { ...encodeOnnx(source, { sizes }), inputs: source.inputs }
  const dir = await mkdtemp(path.join(tmpdir(), 'svd-stand-in-'))
  try {
    const [request, log] = [path.join(dir, 'request.json'), path.join(dir, 'log.txt')]
    const asked: ChildRequest = {
      runtime,
      report: path.join(libraries, 'report.node'),
      model: path.join(dir, 'model.onnx'),
      inputs: model.inputs.map(({ name, shape }) => ({ name, shape })),
      runs: options.runs ?? 2,
      sessionOptions: sessionOptionsOf(model.externalDataDir, options),
      answer: path.join(dir, 'answer.json'),
    }
    await writeFile(asked.model, model.bytes)
    await writeFile(request, JSON.stringify(asked))
    const ended = await execa(process.execPath, [CHILD, request], {
      env: {
        SVD_STAND_IN_CARD: options.card ?? 'a10g',
        ...(options.memoryBytes !== undefined && { SVD_STAND_IN_MEMORY_BYTES: String(options.memoryBytes) }),
        ...(options.realCudnn === true && { SVD_STAND_IN_CUDNN: await openCudnn() }),
        ...options.env,
      },
      stdout: 'ignore',
      stderr: { file: log },
      reject: false,
      timeout: options.timeoutMs ?? 600_000,
    })
    const text = await readFile(log, 'utf8')
    const answered = await readFile(asked.answer, 'utf8').catch(() => null)
    if (answered === null)
      throw new Error(`the stand-in's process: ${ended.shortMessage}\n${text.slice(-2000)}`)
    const { creation, runs, outputs, error }: ChildAnswer = JSON.parse(answered)
    const work = runs.map(workOf)
    return {
      ...(work.at(-1) ?? workOf(creation)),
      ...parsePlacement(text),
      creation: workOf(creation),
      runs: work,
      peakBytesAfterCreate: creation.counts.peakBytes,
      peakBytesPerRun: work.map(({ peakBytes }) => peakBytes),
      outputs,
      error,
      log: text,
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Environment and Node options of a program that finds the stand-in where a machine with a card has CUDA. */
export const standInProcess = async (
  card: Card,
): Promise<{ readonly env: Readonly<Record<string, string>>; readonly execArgv: readonly string[] }> => {
  const { libraries, runtime } = await openFiles()
  return {
    env: {
      PATH: `${DRIVER}:${process.env['PATH']}`,
      SVD_STAND_IN_CARD: card,
      SVD_STAND_IN_REPORT: path.join(libraries, 'report.node'),
      SVD_STAND_IN_RUNTIME: runtime,
    },
    execArgv: ['--import', new URL('./stand-in/use-stand-in.ts', import.meta.url).href],
  }
}
