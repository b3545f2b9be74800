import { readWorkerSettings, type WorkerSettingOptions, type WorkerSettings } from '../worker/settings.ts'

/** The settings of the worker of `svd local` and the demo. */
export const localWorkerSettings = (options: WorkerSettingOptions): WorkerSettings =>
  readWorkerSettings({ ...options, workerId: 'local' }, {})
