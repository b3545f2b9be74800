import { readWorkerSettings, type WorkerSettingOptions, type WorkerSettings } from '../worker/settings.ts'

/**
 * The settings of the worker of `svd local` and the demo. They accept an endpoint that overwrites. One worker never
 * renders a job by two messages at once, and each attempt uploads under keys of its own. So no file is ever written
 * over, and a record always names files of the attempt that wrote it.
 */
export const localWorkerSettings = (options: WorkerSettingOptions): WorkerSettings =>
  readWorkerSettings({ ...options, conditionalWrites: 'optional', workerId: 'local' }, {})
