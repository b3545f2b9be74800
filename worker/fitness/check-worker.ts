import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { OpenModel } from '../models/open-model.ts'
import { assertFit, type Check } from './check.ts'
import type { Machine } from './machine.ts'
import { checkFfmpeg, checkMemory, checkNode, checkOnnxRuntime, checkScratch } from './machine-checks.ts'
import { checkModel } from './model-check.ts'
import { checkQueue, type QueueSettings } from './queue-check.ts'
import { type ConditionalWrites, checkConditionalWrites } from './store-check.ts'

export interface WorkerToCheck {
  readonly machine: Machine
  /** Of the device that jobs are rendered on. */
  readonly checkDevice: () => Promise<Check>
  /** Where clips are made before they are published. */
  readonly scratchDir: string
  readonly outputs: ObjectStore
  /** Default `required`. */
  readonly conditionalWrites?: ConditionalWrites
  readonly now: () => Date
  readonly queue: MessageQueue
  /** Default null: not looked at. */
  readonly readQueueSettings?: ((signal: AbortSignal) => Promise<QueueSettings>) | null
  readonly modelSource: string
  readonly openModel: (source: string) => Promise<OpenModel>
  /** Called with each check when it is done. */
  readonly onCheck?: (check: Check) => void
}

/**
 * Looks at everything that a worker needs, before it takes its first message: a job must not be the one to find out
 * that the disk is full. What is quick comes first; the model, which may take minutes to fetch, is not opened if
 * something else has failed already. Throws an error that tells all that failed, each with what to do; else returns
 * the model, open and verified.
 */
export const checkWorker = async (worker: WorkerToCheck, signal: AbortSignal): Promise<OpenModel> => {
  const { machine, outputs, queue, now, conditionalWrites = 'required', readQueueSettings = null } = worker
  const checks: Check[] = []
  const add = (check: Check): void => {
    signal.throwIfAborted()
    checks.push(check)
    worker.onCheck?.(check)
  }
  add(await checkNode(machine))
  add(await checkOnnxRuntime(machine))
  add(await checkFfmpeg(machine))
  add(await checkMemory(machine))
  add(await worker.checkDevice())
  add(await checkScratch(machine, worker.scratchDir))
  add(await checkConditionalWrites(outputs, { conditionalWrites, now }, signal))
  add(await checkQueue(queue, readQueueSettings, signal))
  assertFit(checks)
  const { check, model } = await checkModel(worker.modelSource, worker.openModel)
  add(check)
  assertFit(checks)
  if (model === null) throw new Error(`${worker.modelSource} was checked and is not there`)
  return model
}
