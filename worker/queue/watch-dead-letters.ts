import { recordDeadLetters } from '../jobs/record-dead-letters.ts'
import type { WorkingDeps } from './worker-deps.ts'

/** Polls the dead-letter queue once, if this worker is given one. */
export const lookThroughDeadLetters = async (deps: WorkingDeps, signal: AbortSignal): Promise<void> => {
  const { deadLetters, onEvent } = deps
  if (deadLetters === null) return
  const onRecorded = (recorded: { readonly messageId: string; readonly jobId: string | null }): void =>
    onEvent({ type: 'dead-letter-recorded', ...recorded })
  await recordDeadLetters({ ...deps, deadLetters, onRecorded }, signal)
}

/** Polls the dead-letter queue at once and then every `intervalSeconds`, beside the jobs, until `signal` aborts. */
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
