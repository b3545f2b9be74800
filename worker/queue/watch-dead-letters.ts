import { recordDeadLetters } from '../jobs/record-dead-letters.ts'
import type { WorkingDeps } from './worker-deps.ts'

/** One look through the dead letters, if this worker is to look after them. */
export const lookThroughDeadLetters = async (deps: WorkingDeps, signal: AbortSignal): Promise<void> => {
  const { deadLetters, onEvent } = deps
  if (deadLetters === null) return
  const onRecorded = (recorded: { readonly messageId: string; readonly jobId: string | null }): void =>
    onEvent({ type: 'dead-letter-recorded', ...recorded })
  await recordDeadLetters({ ...deps, deadLetters, onRecorded }, signal)
}

/** Looks at once and then every so often, beside the jobs, until `signal` aborts. */
export const watchDeadLetters = async (
  deps: WorkingDeps,
  intervalSeconds: number,
  signal: AbortSignal,
): Promise<void> => {
  if (deps.deadLetters === null) return
  while (!signal.aborted) {
    await lookThroughDeadLetters(deps, signal)
    await deps.clock.sleep(intervalSeconds * 1000, signal).catch(() => {})
  }
}
