import type { InferenceSession } from 'onnxruntime-node'

/** Execution provider of a session. On CUDA the session runs on the first card that the process sees. */
export type SessionProvider = 'cpu' | 'cuda'

export interface RunningSession {
  readonly provider: SessionProvider
  /** Threads of one run on the CPU; 0 takes one per physical core. */
  readonly threads: number
  /** Folder of the model's external data; `null` if there is none. */
  readonly externalDataDir: string | null
  /** Whether the graph still has nodes that depend on constants alone. */
  readonly foldsConstants: boolean
}

/** Error and above: ONNX Runtime warns of what the graphs are written for, such as nodes without a known shape. */
const LOG_ERRORS = 3

const inFolder = (externalDataDir: string | null): Readonly<Record<string, string>> =>
  externalDataDir === null ? {} : { model_external_initializers_file_folder_path: externalDataDir }

/** Options that differ between the providers. */
const PROVIDERS = {
  cpu: (threads: number) => ({
    options: { executionProviders: ['cpu'], intraOpNumThreads: threads },
    session: {},
  }),
  cuda: () => ({
    // Nodes run one after the other on the card, and the thread that launches them is the only one at work.
    options: { executionProviders: [{ name: 'cuda', deviceId: 0 }], intraOpNumThreads: 1 },
    // A node that fell back to the CPU would cost two copies and be slow in silence.
    session: { disable_cpu_ep_fallback: '1' },
  }),
} as const

/** Options of a session that runs a network again and again. */
export const runningOptions = ({
  provider,
  threads,
  externalDataDir,
  foldsConstants,
}: RunningSession): InferenceSession.SessionOptions => {
  const { options, session } = PROVIDERS[provider](threads)
  return {
    ...options,
    executionProviders: [...options.executionProviders],
    // The compiler chooses the ops, and on thousands of nodes the optimizer takes longer than all else. What depends on
    // constants alone would run each time if the optimizer did not fold it.
    graphOptimizationLevel: foldsConstants ? 'basic' : 'disabled',
    // An arena keeps pages between nodes; fresh ones from the system cost a tenth of the time, and more for large maps.
    enableCpuMemArena: true,
    // A pattern is one more block for the whole plan at the second run, beside the chunks of the first.
    enableMemPattern: false,
    logSeverityLevel: LOG_ERRORS,
    extra: {
      session: {
        // Weights outside the arena, each in a block of its own size: the arena rounds up and never shrinks.
        use_device_allocator_for_initializers: '1',
        ...session,
        ...inFolder(externalDataDir),
      },
    },
  }
}

export interface PreparingSession {
  /** Folder of the model's external data; `null` if there is none. */
  readonly externalDataDir: string | null
  /** Whether the graph casts weights. */
  readonly casts: boolean
}

/** Options of a session that runs once, on the CPU, to compute weights. */
export const preparingOptions = ({
  externalDataDir,
  casts,
}: PreparingSession): InferenceSession.SessionOptions => ({
  executionProviders: ['cpu'],
  // FusedMatMul packs a constant weight, but not one that is cast at run, and the two round differently. A folded cast
  // is constant, as in a session that folds its constants itself. Without casts the optimizer would only hold
  // intermediate results that a run frees after their use.
  graphOptimizationLevel: casts ? 'basic' : 'disabled',
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: LOG_ERRORS,
  extra: { session: inFolder(externalDataDir) },
})
