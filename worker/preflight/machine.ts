import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'
import { assertFolderUsable, makeFolder } from '../../shared/files/output-folder.ts'
import { programFile } from '../../shared/program-file.ts'
import { deviceEnvironment } from '../engine/device.ts'
import { readAvailableHostBytes } from '../engine/memory/available-host-bytes.ts'
import { RUNTIME_ENVIRONMENT } from '../engine/runtime-environment.ts'
import { type RuntimeProbe, runtimeProbeSchema } from '../engine/runtime-probe.ts'
import type { SessionProvider } from '../engine/session-options.ts'
import { freeDiskBytes } from '../models/free-disk.ts'
import { type FfmpegBinary, findFfmpeg } from '../video/ffmpeg-path.ts'
import { type FfmpegAbilities, probeFfmpeg } from '../video/probe-ffmpeg.ts'

const RUNTIME_PROBE = programFile('../engine/probe-runtime', import.meta.url)

/** Properties and probes of a machine. Each probe throws if the part that it tests does not work. */
export interface Machine {
  readonly nodeVersion: string
  readonly cpu: string
  readonly temporaryDir: string
  totalMemoryBytes(): number
  /** Bytes for new programs, without swapping. Containers' limits count, pages of files do not. */
  availableMemoryBytes(): Promise<number>
  /** Loads ONNX Runtime's native library and runs a graph on it. */
  onnxRuntime(): Promise<RuntimeProbe>
  /** Runs a graph of one node on the card, in a process that sees this card alone. */
  runOnCard(uuid: string): Promise<void>
  ffmpeg(): Promise<FfmpegBinary & FfmpegAbilities>
  /** Makes the folder if it is missing, and something in it that is removed again. */
  tryWriting(folder: string): Promise<void>
  /** Free bytes of the disk that holds the folder, or would hold it. Throws if nothing can be written there. */
  freeDiskBytes(folder: string): Promise<number>
}

/** In a process of its own: a native library that does not fit the processor ends the process that loads it. */
const probeRuntime = async (
  provider: SessionProvider,
  env: Readonly<Record<string, string>>,
): Promise<RuntimeProbe> => {
  const { failed, stdout, stderr, shortMessage } = await execa(process.execPath, [RUNTIME_PROBE, provider], {
    env: { ...RUNTIME_ENVIRONMENT, ...env },
    extendEnv: false,
    timeout: 60_000,
    reject: false,
  })
  if (!failed) return runtimeProbeSchema.parse(JSON.parse(stdout))
  // Node prints the message, which may have several lines, and then the stack.
  const [, printed = ''] = /^\w*Error: (.*)/ms.exec(stderr) ?? []
  const [message = ''] = printed.split(/\n {4}at /)
  throw new Error(message.trim() || shortMessage)
}

export const thisMachine = (environment: Readonly<Record<string, string | undefined>>): Machine => ({
  nodeVersion: process.versions.node,
  cpu: `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} logical cores`,
  temporaryDir: tmpdir(),
  totalMemoryBytes: totalmem,
  availableMemoryBytes: readAvailableHostBytes,
  onnxRuntime: () => probeRuntime('cpu', childEnvironment(environment)),
  async runOnCard(uuid) {
    const ofDevice = deviceEnvironment({ provider: 'cuda', uuid, precision: 'fp16' })
    await probeRuntime('cuda', { ...childEnvironment(environment), ...ofDevice })
  },
  async ffmpeg() {
    const found = await findFfmpeg(environment)
    return { ...found, ...(await probeFfmpeg(found)) }
  },
  async tryWriting(folder) {
    await makeFolder('--scratch-dir', folder)
    await rm(await mkdtemp(path.join(folder, '.svd-probe-')), { recursive: true })
  },
  async freeDiskBytes(folder) {
    await assertFolderUsable(folder === tmpdir() ? 'TMPDIR' : '--output-dir', folder)
    return freeDiskBytes(path.resolve(folder))
  },
})
