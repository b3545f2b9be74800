import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { residentBytesBelow } from './tree-memory.ts'

const WRAPPER = fileURLToPath(new URL('measured_process.py', import.meta.url))
const SAMPLE_EVERY_MS = 100

const usageSchema = z.object({
  wallSeconds: z.number(),
  cpuSeconds: z.number(),
  maxProcessBytes: z.number(),
})

export interface MeasuredProcess extends z.infer<typeof usageSchema> {
  readonly stdout: string
  /** Largest sum of resident sets over all its processes, sampled; at least `maxProcessBytes`, which is exact. */
  readonly peakBytes: number
}

const samplePeak = async (pid: number, signal: AbortSignal): Promise<number> => {
  let peak = 0
  while (!signal.aborted) {
    peak = Math.max(peak, await residentBytesBelow(pid))
    await setTimeout(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => {})
  }
  return peak
}

/** Runs a command to its end. Throws execa's error, which has the output of the command, if it fails. */
export const runMeasured = async (
  command: readonly string[],
  { python, env = {} }: { readonly python: string; readonly env?: Readonly<Record<string, string>> },
): Promise<MeasuredProcess> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'svd-bench-'))
  const report = path.join(directory, 'usage.json')
  try {
    const running = execa(python, [WRAPPER, report, ...command], { env, stdin: 'ignore' })
    const ended = new AbortController()
    const sampling = running.pid === undefined ? 0 : samplePeak(running.pid, ended.signal)
    const [{ stdout }, sampled] = await Promise.all([running.finally(() => ended.abort()), sampling])
    const usage = usageSchema.parse(JSON.parse(await readFile(report, 'utf8')))
    return { ...usage, stdout, peakBytes: Math.max(sampled, usage.maxProcessBytes) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
