import type { WorkerLogEvent } from '../telemetry/worker-event.ts'
import type { DenoiseSpeed } from './denoise-speed.ts'
import type { PrepareJob } from './job-stages.ts'
import type { ScratchFolders } from './scratch-folders.ts'
import type { SettlingDeps } from './settle-failure.ts'

/** Dependencies of each of a worker's jobs. `store` is the output bucket. */
export interface JobDeps extends SettlingDeps {
  readonly prepareJob: PrepareJob
  readonly scratch: ScratchFolders
  readonly speed: DenoiseSpeed
  /** Must not throw. */
  readonly onEvent: (event: WorkerLogEvent) => void
}
