import { readFile } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'

/*
 * What a process can still have of the host's memory. A container with a limit counts pages of files that it has read or
 * written as its own, although the system takes these back: a worker that fetched a model of 5 GB would seem to have 5 GB
 * less. Node's `process.availableMemory()` does not add them.
 */

/** Memory of the process's group of processes (cgroup v2). */
export interface MemoryGroup {
  /** Bytes up to its limit, pages of files counted as used. */
  readonly freeBytes: number
  /** Content of `memory.stat`; `null` if it cannot be read. */
  readonly stat: string | null
  /** Bytes available on the whole machine. */
  readonly machineBytes: number
}

export const availableInGroup = ({ freeBytes, stat, machineBytes }: MemoryGroup): number => {
  const bytesOf = (key: string): number =>
    Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0)
  return Math.min(machineBytes, freeBytes + bytesOf('inactive_file') + bytesOf('active_file'))
}

const readOrNull = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null)

/** Bytes that are available to this process now, beside what it has already. */
export const readAvailableHostBytes = async (): Promise<number> => {
  const freeBytes = process.availableMemory()
  const limitBytes = process.constrainedMemory()
  if (limitBytes === 0 || limitBytes > totalmem()) return freeBytes
  const group = /^0::(.*)$/m.exec((await readOrNull('/proc/self/cgroup')) ?? '')?.[1]
  const stat = group === undefined ? null : await readOrNull(`/sys/fs/cgroup${group}/memory.stat`)
  return availableInGroup({ freeBytes, stat, machineBytes: freemem() })
}
