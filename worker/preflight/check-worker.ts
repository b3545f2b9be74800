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
  /** Checks the device that jobs are rendered on. */
  readonly checkDevice: () => Promise<Check>
  /** Folder in which clips are made before they are published. */
  readonly scratchDir: string
  readonly outputs: ObjectStore
  /** Default `required`. */
  readonly conditionalWrites?: ConditionalWrites
  readonly now: () => Date
  readonly queue: MessageQueue
  /** Reads the queue's settings; default `null`: they are not checked. */
  readonly readQueueSettings?: ((signal: AbortSignal) => Promise<QueueSettings>) | null
  readonly modelSource: string
  readonly openModel: (source: string) => Promise<OpenModel>
  /** Called with each check when it is done. */
  readonly onCheck?: (check: Check) => void
}

/**
 * Checks everything that a worker needs before it receives its first message, so that no job finds a full disk, for
 * example. Quick checks come first. The model, which may take minutes to fetch, is not opened if another check has
 * failed. Throws an error with all checks that failed, each with its fix; else returns the model, open and verified.
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
