import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { BenchCase } from './cases.ts'

const PROGRAM = fileURLToPath(new URL('make_checkpoint.py', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.svd-cache/bench', import.meta.url))

/** An empty folder on the disk of the checkpoints (a temporary one may be memory), removed when the scope ends. */
export const openWeightCache = async (): Promise<AsyncDisposable & { readonly folder: string }> => {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(path.join(CACHE, 'weights-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

/**
 * The folder of the case's checkpoint. One of random weights is made the first time and kept in .svd-cache (1.1 or
 * 4.5 GB) under the hash of the program that made it, so that another program makes another one.
 */
export const checkpointFor = async (
  { checkpoint, variant }: BenchCase,
  { python, onMake }: { readonly python: string; readonly onMake: (folder: string) => void },
): Promise<string> => {
  if ('folder' in checkpoint) return checkpoint.folder
  const hash = createHash('sha256')
    .update(await readFile(PROGRAM))
    .digest('hex')
    .slice(0, 8)
  const folder = path.join(CACHE, `${checkpoint.width}-${hash}`)
  if (await exists(folder)) return folder
  onMake(folder)
  await mkdir(CACHE, { recursive: true })
  const unfinished = `${folder}.${process.pid}.part`
  try {
    const options = ['--width', checkpoint.width, ...(variant === null ? [] : ['--variant', variant])]
    await execa(python, [PROGRAM, unfinished, ...options])
    await rename(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return folder
}

/** Reads every file once, so that the side which runs first does not wait for the disk alone. */
export const warmFileCache = async (folder: string): Promise<void> => {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue
    for await (const _ of createReadStream(path.join(entry.parentPath, entry.name))) {
      // Only the reading matters.
    }
  }
}
