import { readdirSync, readFileSync } from 'node:fs'
import { execa } from 'execa'

/** Reads a file of /proc. Returns `null` if the process has ended since it was listed. */
const readProc = (file: string): string | null => {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    return null
  }
}

const threadsOf = (pid: number): readonly string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** A child belongs to the thread that started it, so each thread has a list of its own. */
const childrenOf = (pid: number): readonly number[] =>
  threadsOf(pid).flatMap((thread) =>
    (readProc(`${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  )

const descendantsFromProc = (pid: number): number =>
  childrenOf(pid).reduce((total, child) => {
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(`${child}/status`) ?? '')?.[1] ?? 0)
    return total + kilobytes * 1024 + descendantsFromProc(child)
  }, 0)

interface ListedProcess {
  readonly pid: number
  readonly parent: number
  readonly kilobytes: number
}

const descendantsIn = (processes: readonly ListedProcess[], pid: number): number =>
  processes
    .filter(({ parent }) => parent === pid)
    .reduce((total, child) => total + child.kilobytes * 1024 + descendantsIn(processes, child.pid), 0)

const descendantsFromPs = async (pid: number): Promise<number> => {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid=,rss='])
  const processes = stdout.split('\n').map((line) => {
    const [own = 0, parent = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number)
    return { pid: own, parent, kilobytes }
  })
  return descendantsIn(processes, pid)
}

/**
 * Resident bytes now of all processes below `pid`, without its own. Pages that several of them share, such as Node's
 * program text, count once for each. On Linux from /proc, which is much cheaper than starting ps.
 */
export const residentBytesBelow = async (pid: number): Promise<number> =>
  process.platform === 'linux' ? descendantsFromProc(pid) : await descendantsFromPs(pid)
