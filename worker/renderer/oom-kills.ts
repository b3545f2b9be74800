import { readFile } from 'node:fs/promises'

/**
 * Count of processes that the kernel has killed for memory since it started: `oom_kill` of /proc/vmstat, which counts
 * those of all cgroups. `null` if there is no such file, as on macOS.
 */
export const countOomKills = async (): Promise<number | null> => {
  const text = await readFile('/proc/vmstat', 'utf8').catch(() => '')
  const [, count] = /^oom_kill (\d+)$/m.exec(text) ?? []
  return count === undefined ? null : Number(count)
}
