import { statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { type FfmpegBinary, findFfmpeg } from '../video/ffmpeg-path.ts'

/** What the doctor looks at. Each probe throws when what it asks for does not work. */
export interface Machine {
  readonly nodeVersion: string
  readonly cpu: string
  readonly temporaryDir: string
  totalMemoryBytes(): number
  /** To new programs, without swapping; containers' limits counted. */
  availableMemoryBytes(): number
  /** Loads ONNX Runtime's native library. */
  onnxRuntime(): Promise<{ readonly version: string; readonly providers: readonly string[] }>
  ffmpeg(): Promise<FfmpegBinary & { readonly version: string; readonly encoders: readonly string[] }>
  /** Of the disk that holds the folder, or would. */
  freeDiskBytes(folder: string): Promise<number>
}

const freeDiskBytes = async (folder: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    const parent = path.dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error
    return await freeDiskBytes(parent)
  }
}

const linesOf = async (file: string, args: readonly string[]): Promise<readonly string[]> =>
  (await execa(file, ['-hide_banner', ...args], { timeout: 20_000 })).stdout.split('\n')

export const thisMachine = (environment: Readonly<Record<string, string | undefined>>): Machine => ({
  nodeVersion: process.versions.node,
  cpu: `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} logical cores`,
  temporaryDir: tmpdir(),
  totalMemoryBytes: totalmem,
  availableMemoryBytes: () => process.availableMemory(),
  async onnxRuntime() {
    const { listSupportedBackends } = await import('onnxruntime-node')
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
    return {
      version,
      providers: listSupportedBackends().map(({ name, bundled }) =>
        bundled ? name : `${name} (not installed)`,
      ),
    }
  },
  async ffmpeg() {
    const found = await findFfmpeg(environment)
    const [first = ''] = await linesOf(found.path, ['-version'])
    const encoders = (await linesOf(found.path, ['-encoders'])).map((row) => row.trim().split(/\s+/)[1] ?? '')
    return { ...found, version: /version (\S+)/.exec(first)?.[1] ?? 'unknown', encoders }
  },
  freeDiskBytes: (folder) => freeDiskBytes(path.resolve(folder)),
})
