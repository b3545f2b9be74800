import type { Findings, PartReport } from './report.ts'

export interface Part {
  readonly name: string
  /** The part is skipped if less than this is left. */
  readonly leastSeconds: number
  /** The part is stopped after this time, or when the budget ends. */
  readonly mostSeconds: number
  /** Throws if it cannot run at all. `signal` stops its processes. */
  run(signal: AbortSignal): Promise<Findings>
}

export interface PartsOptions {
  readonly budgetSeconds: number
  /** Monotonic, in seconds. */
  readonly now: () => number
  /** Aborts after so many seconds. */
  readonly timeLimit: (seconds: number) => AbortSignal
  readonly onDone: (report: PartReport, all: readonly PartReport[]) => Promise<void> | void
}

const NOTHING: Findings = { tables: [], notes: [], failures: [] }

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const runPart = async (
  part: Part,
  limitSeconds: number,
  timeLimit: PartsOptions['timeLimit'],
): Promise<Findings> => {
  const signal = timeLimit(limitSeconds)
  const found = await part.run(signal).catch((error) => ({ ...NOTHING, failures: [messageOf(error)] }))
  if (!signal.aborted) return found
  const stopped = `it was stopped after ${limitSeconds.toFixed(0)} s, so that what is not in its tables did not run`
  return { ...found, failures: [stopped, ...found.failures] }
}

const reportOf = ({ skipped, ...found }: Findings): Omit<PartReport, 'part' | 'seconds'> => {
  if (found.failures.length > 0) return { ...found, status: 'failed' }
  return { ...found, status: skipped === true ? 'skipped' : 'ok' }
}

/** Runs the parts in order within the budget. A part that fails or is skipped does not stop the others. */
export const runParts = async (
  parts: readonly Part[],
  { budgetSeconds, now, timeLimit, onDone }: PartsOptions,
): Promise<readonly PartReport[]> => {
  const reports: PartReport[] = []
  const started = now()
  for (const part of parts) {
    const leftSeconds = budgetSeconds - (now() - started)
    const began = now()
    let report: PartReport
    if (leftSeconds < part.leastSeconds) {
      const note = `${Math.max(0, leftSeconds).toFixed(0)} s are left, and it needs ${part.leastSeconds}; run it alone with --parts ${part.name}`
      report = { ...NOTHING, notes: [note], part: part.name, status: 'skipped', seconds: null }
    } else {
      const found = await runPart(part, Math.min(leftSeconds, part.mostSeconds), timeLimit)
      report = { ...reportOf(found), part: part.name, seconds: now() - began }
    }
    reports.push(report)
    await onDone(report, reports)
  }
  return reports
}
