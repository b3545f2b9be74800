import { readWorkerSettings, type WorkerSettingOptions, type WorkerSettings } from './worker-settings.ts'

/**
 * The worker of `svd local` and the demo: as they are told, and content with an endpoint that overwrites. With one
 * worker, whose outputs are always the same, nothing is lost by that.
 */
export const localWorkerSettings = (options: WorkerSettingOptions): WorkerSettings =>
  readWorkerSettings({ ...options, conditionalWrites: 'optional', workerId: 'local' }, {})
