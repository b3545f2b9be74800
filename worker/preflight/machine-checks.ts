import { CLIP_FORMATS, DEFAULT_FORMATS } from '../../shared/contracts/clip-format.ts'
import { isNodeSupported, OLDEST_NODE } from '../../shared/program-file.ts'
import { formatBytes } from '../../shared/size-text.ts'
import { missingEncoders, missingText } from '../video/probe-ffmpeg.ts'
import { type Check, type Finding, fail, ok, runCheck, warn } from './check.ts'
import type { Machine } from './machine.ts'

const GB = 1e9
/** Sizes at which a machine becomes too small for the full model: its weights alone are 4.5 GB as float16. */
const MEMORY_LEAST = 1 * GB
const MEMORY_AMPLE = 12 * GB
const DISK_LEAST = 0.1 * GB
const DISK_AMPLE = 2 * GB

const judge = (
  bytes: number,
  [least, ample]: readonly [number, number],
  found: string,
  fix: string,
): Finding => (bytes >= ample ? ok(found) : bytes >= least ? warn(found, fix) : fail(found, fix))

export const checkNode = ({ nodeVersion }: Machine): Promise<Check> =>
  runCheck('node', '', () =>
    isNodeSupported(nodeVersion)
      ? ok(nodeVersion)
      : fail(nodeVersion, `use Node ${OLDEST_NODE} or newer; npm scripts of this package do`),
  )

export const checkOnnxRuntime = (machine: Machine): Promise<Check> =>
  runCheck('onnxruntime', 'run npm ci again; musl (Alpine) and 32-bit systems have no build', async () => {
    const { version, providers } = await machine.onnxRuntime()
    return ok(`${version}, providers: ${providers.join(', ')}`)
  })

export const checkFfmpeg = (machine: Machine): Promise<Check> =>
  runCheck('ffmpeg', 'install ffmpeg and set FFMPEG_PATH to it', async () => {
    const ffmpeg = await machine.ffmpeg()
    const found = `${ffmpeg.version}, ${ffmpeg.path} (from ${ffmpeg.source})`
    if (missingEncoders(ffmpeg, DEFAULT_FORMATS).length > 0)
      return fail(`${found} has no libx264`, 'set FFMPEG_PATH to a build with libx264')
    const missing = missingEncoders(ffmpeg, CLIP_FORMATS)
    return missing.length === 0
      ? ok(found)
      : warn(
          `${found} has no ${missingText(missing)}`,
          'set FFMPEG_PATH to a build that has, for these formats',
        )
  })

export const checkMemory = (machine: Machine): Promise<Check> =>
  runCheck('memory', '', async () => {
    const available = await machine.availableMemoryBytes()
    const found = `${formatBytes(available)} of ${formatBytes(machine.totalMemoryBytes())} available; ${machine.cpu}`
    const fix = 'close programs, or render small: --memory low-vram'
    return judge(available, [MEMORY_LEAST, MEMORY_AMPLE], found, fix)
  })

const WRITABLE = 'choose a folder on a disk that can be written'

const diskFinding = async (machine: Machine, folder: string): Promise<Finding> => {
  const free = await machine.freeDiskBytes(folder)
  return judge(free, [DISK_LEAST, DISK_AMPLE], `${formatBytes(free)} free in ${folder}`, 'free some space')
}

export const checkDisk = (machine: Machine, name: string, folder: string): Promise<Check> =>
  runCheck(name, WRITABLE, () => diskFinding(machine, folder))

/** Checks the disk of a folder that is the worker's own. So the check may write to it. */
export const checkScratch = (machine: Machine, folder: string): Promise<Check> =>
  runCheck('scratch', WRITABLE, async () => {
    await machine.tryWriting(folder)
    return await diskFinding(machine, folder)
  })
