import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeSparseCheckpoint } from '../fixtures/sparse-checkpoint.ts'
import { writeLargeRandomCheckpoint } from './large-random-checkpoint.ts'
import type { Machine } from './machine.ts'
import type { ClipRequest } from './xt-clip.ts'

const inTests = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url))

/** The checkpoint, and what is prepared of it. */
const NEEDED_BYTES = 14e9

export interface LargeModel extends AsyncDisposable {
  readonly title: string
  /** The folder for everything that a run writes; removed at the end. */
  readonly folder: string
  /** The model and clip of the tasks; the checkpoint is written the first time. */
  request(choice: ClipRequest['choice'], decodeChunk: number): Promise<ClipRequest>
}

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The first of the folders that has the space. Throws if none has. */
const findSpace = async (folders: readonly string[], neededBytes: number): Promise<string> => {
  const tried: string[] = []
  for (const folder of folders) {
    const free = await freeBytes(folder).catch(() => 0)
    if (free >= neededBytes) return folder
    tried.push(`${folder} has ${(free / 1e9).toFixed(1)} GB`)
  }
  throw new Error(`--work: must have ${neededBytes / 1e9} GB free; ${tried.join(', ')}`)
}

/**
 * SVD-XT with random weights, 25 frames of 1024 x 576; `small`: the demo checkpoint at a small size, which shows
 * that the parts work and measures nothing. Over the stand-in the weights are zeros, because nothing reads them.
 */
export const openLargeModel = async (
  machine: Machine,
  { small, work }: { readonly small: boolean; readonly work: readonly string[] },
): Promise<LargeModel> => {
  const parent = await findSpace(work, small ? 1e8 : NEEDED_BYTES)
  const folder = await mkdtemp(path.join(parent, 'svd-gpu-'))
  // Also where the program is interrupted: gigabytes must not stay.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const cacheDir = path.join(folder, 'cache')
  await mkdir(cacheDir)
  let written: Promise<string> | undefined
  const write = async (): Promise<string> => {
    if (small) return inTests('../worker/demo')
    const [configs, checkpoint] = [
      inTests('../worker/checkpoint/known-configs/svd-xt'),
      path.join(folder, 'checkpoint'),
    ]
    if (machine.standIn) await writeSparseCheckpoint(configs, checkpoint, { variant: 'fp16' })
    else await writeLargeRandomCheckpoint(configs, checkpoint)
    return checkpoint
  }
  const size = small ? { width: 96, height: 64, numFrames: 4 } : { width: 1024, height: 576, numFrames: 25 }
  return {
    title: `${small ? 'demo checkpoint' : 'SVD-XT, random weights'}, ${size.numFrames} frames of ${size.width}x${size.height}`,
    folder,
    async request(choice, decodeChunk) {
      written ??= write()
      return {
        choice,
        checkpointDir: await written,
        cacheDir,
        ...size,
        decodeChunk: Math.min(decodeChunk, size.numFrames),
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
