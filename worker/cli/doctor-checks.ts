import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import { cpuTarget } from '../compiler/targets/cpu.ts'
import { clipShapeOf } from './clip-options.ts'
import type { Machine } from './doctor-machine.ts'
import { formatBytes } from './size-text.ts'

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  /** What there is. */
  readonly found: string
  /** What to do about it; null if all is well. */
  readonly fix: string | null
}

export interface CheckOptions {
  readonly checkpoint?: string
  readonly variant?: string
  readonly outputDir: string
}

const NODE_MAJOR = 24
const GB = 1e9
/** Sizes at which a machine becomes too small for the full model: its weights alone are 4.5 GB as float16. */
const MEMORY_LEAST = 1 * GB
const MEMORY_AMPLE = 12 * GB
const DISK_LEAST = 0.1 * GB
const DISK_AMPLE = 2 * GB

type Finding = Omit<Check, 'name'>

const ok = (found: string): Finding => ({ status: 'ok', found, fix: null })

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A probe that throws is a failed check. */
const check = async (name: string, fix: string, probe: () => Finding | Promise<Finding>): Promise<Check> => {
  try {
    return { name, ...(await probe()) }
  } catch (error) {
    return { name, status: 'fail', found: textOf(error), fix }
  }
}

const judge = (bytes: number, least: number, ample: number, found: string, fix: string): Finding =>
  bytes >= ample ? ok(found) : { status: bytes >= least ? 'warn' : 'fail', found, fix }

const nodeFinding = (version: string): Finding =>
  Number.parseInt(version, 10) >= NODE_MAJOR
    ? ok(version)
    : {
        status: 'fail',
        found: version,
        fix: `use Node ${NODE_MAJOR} or newer; npm scripts of this package do`,
      }

const checkDisk = (machine: Machine, name: string, folder: string): Promise<Check> =>
  check(name, 'choose a folder on a disk that can be written', async () => {
    const free = await machine.freeDiskBytes(folder)
    return judge(free, DISK_LEAST, DISK_AMPLE, `${formatBytes(free)} free in ${folder}`, 'free some space')
  })

const checkCheckpoint = (dir: string, variant: string | undefined): Promise<Check> =>
  check('checkpoint', 'see the message; downloading the folder again mends most faults', async () => {
    const checkpoint = await openCheckpoint(dir, variant === undefined ? {} : { variant })
    const shape = clipShapeOf({}, checkpoint, cpuTarget)
    const { weights, checkWeights } = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
    checkWeights()
    const bytes = Object.values(weights).reduce((total, component) => total + component.sizeBytes(), 0)
    const { width, height, numFrames, steps } = shape
    return ok(
      `${formatBytes(bytes)} of weights, ${width}x${height}, ${numFrames} frames, ${steps} steps by default`,
    )
  })

/** Everything that a render needs, checked one after the other. */
export const runChecks = async (machine: Machine, options: CheckOptions): Promise<readonly Check[]> => [
  { name: 'node', ...nodeFinding(machine.nodeVersion) },
  await check('onnxruntime', 'run npm ci again; musl (Alpine) and 32-bit systems have no build', async () => {
    const { version, providers } = await machine.onnxRuntime()
    return ok(`${version}, providers: ${providers.join(', ')}`)
  }),
  await check('ffmpeg', 'install ffmpeg and set FFMPEG_PATH to it', async () => {
    const { path, source, version, encoders } = await machine.ffmpeg()
    const found = `${version}, ${path} (from ${source})`
    if (encoders.includes('libx264')) return ok(found)
    return {
      status: 'fail',
      found: `${found} has no libx264`,
      fix: 'set FFMPEG_PATH to a build with libx264',
    }
  }),
  await check('memory', '', () => {
    const available = machine.availableMemoryBytes()
    const found = `${formatBytes(available)} of ${formatBytes(machine.totalMemoryBytes())} available; ${machine.cpu}`
    return judge(
      available,
      MEMORY_LEAST,
      MEMORY_AMPLE,
      found,
      'close programs, or render small: --memory low-vram',
    )
  }),
  await checkDisk(machine, 'output', options.outputDir),
  await checkDisk(machine, 'temporary', machine.temporaryDir),
  ...(options.checkpoint === undefined ? [] : [await checkCheckpoint(options.checkpoint, options.variant)]),
]
