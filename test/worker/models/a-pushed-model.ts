import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { modelFolder, modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
import { hashModel, type ModelRecord } from '../../../shared/contracts/model-record.ts'
import { describeModel } from '../../../worker/models/describe-model.ts'
import type { ModelProgress } from '../../../worker/models/model-progress.ts'
import { openModel } from '../../../worker/models/open-model.ts'
import { pushModel } from '../../../worker/models/push-model.ts'
import type { Faults } from '../../fixtures/faults.ts'
import {
  type MemoryObjectStore,
  openMemoryObjectStore,
  type StoreOperation,
} from '../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

export const DEMO_DIR = fileURLToPath(new URL('../../../worker/demo', import.meta.url))
export const UNET = 'unet/diffusion_pytorch_model.fp16.safetensors'
export const UNET_KEY = `${modelFolder('demo')}${UNET}`
export const MIB = 2 ** 20

const running = (): AbortSignal => new AbortController().signal

/** Hashed once for all tests. */
let described: Promise<ModelRecord> | undefined
export const demoRecord = (): Promise<ModelRecord> => {
  described ??= describeModel(DEMO_DIR, { modelId: 'demo', variant: null }, running())
  return described
}

export interface ModelsSetup {
  readonly store: MemoryObjectStore
  readonly record: ModelRecord
  readonly cacheDir: string
  /** Set and reset by a test. */
  readonly faults: { before?: Faults<StoreOperation>['before']; after?: Faults<StoreOperation>['after'] }
  /** Keys of ranges asked for, in order. */
  readonly ranges: string[]
  /** The model's folder once it is fetched. */
  readonly dir: string
  open(options?: Partial<Parameters<typeof openModel>[1]>): ReturnType<typeof openModel>
  readonly progress: ModelProgress[]
  /** Replaces model.json, with the sha256 of its new files. */
  rewriteRecord(changes: Partial<ModelRecord>): Promise<void>
}

/** The demo checkpoint, pushed into a bucket in memory; fetched in parts of 1 MiB. */
export const modelsSetup = async (): Promise<ModelsSetup> => {
  const record = await demoRecord()
  const faults: ModelsSetup['faults'] = {}
  const ranges: string[] = []
  const store = openMemoryObjectStore({
    bucket: 'models-bucket',
    now: () => 0,
    faults: {
      before(operation, key) {
        if (operation === 'readRange') ranges.push(key)
        return faults.before?.(operation, key)
      },
      after: (operation, key) => faults.after?.(operation, key),
    },
  })
  await pushModel(DEMO_DIR, record, store, {}, running())
  const cacheDir = await temporaryDir()
  const progress: ModelProgress[] = []
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  return {
    store,
    record,
    cacheDir,
    faults,
    ranges,
    progress,
    dir: join(cacheDir, 'models', record.sha256),
    open: (options = {}) =>
      openModel(
        's3://models-bucket/models/demo/',
        {
          cacheDir,
          variant: null,
          openStore: () => store,
          partBytes: MIB,
          onProgress: (step) => progress.push(step),
          ...options,
        },
        controller.signal,
      ),
    async rewriteRecord(changes) {
      const changed = { ...record, ...changes }
      const bytes = Buffer.from(JSON.stringify({ ...changed, sha256: hashModel(changed) }))
      await store.put(modelRecordKey('demo'), bytes, { contentType: 'application/json' }, running())
    },
  }
}
