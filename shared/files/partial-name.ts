import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Kinds of files and folders that are not whole yet. A download writes to its file at least once an hour. */
export type PartialKind = 'download' | 'other'

/** Owner of a file or folder that is not whole yet, as its name says. */
export interface PartialOwner {
  readonly kind: PartialKind
  /** Digits by which processes that see each other's ids know each other. */
  readonly processes: string
  readonly processId: number
}

const NAME = /^\.svd-(download-)?([0-9a-f]{8})-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/

const orEmpty = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

let digits: string | null = null

/**
 * Digits of the processes that see each other's ids: those of one machine, and on Linux of one boot and one PID namespace,
 * such as a container. sd_id128_get_boot(3) on boot_id: "It is randomly generated early at boot and is unique for every
 * running kernel instance." namespaces(7): "If two processes are in the same namespace, then the device IDs and inode
 * numbers of their /proc/[pid]/ns/xxx symbolic links will be the same".
 */
export const processesSeen = (): string => {
  digits ??= createHash('sha256')
    .update(
      JSON.stringify([
        hostname(),
        orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
        orEmpty(() => readlinkSync('/proc/self/ns/pid')),
      ]),
    )
    .digest('hex')
    .slice(0, 8)
  return digits
}

/** Hidden name of a file or folder while it is written, with its owner. No two share one. */
export const partialName = (kind: PartialKind = 'other', processId = process.pid): string =>
  `.svd-${kind === 'download' ? 'download-' : ''}${processesSeen()}-${processId}-${randomUUID()}.partial`

/** Reads the owner from a name; `null` for another name. */
export const partialOwner = (name: string): PartialOwner | null => {
  const [, download, processes, processId] = NAME.exec(name) ?? []
  if (processes === undefined) return null
  return { kind: download === undefined ? 'other' : 'download', processes, processId: Number(processId) }
}
