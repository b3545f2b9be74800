import { setTimeout } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import type { ParentWatch } from './parent-watch.ts'

// Started by parent-watch.ts.
const POLL_MS = 500

const { parentPid, graceMs } = workerData as ParentWatch
// A process whose parent has ended gets another one at once.
while (process.ppid === parentPid) await setTimeout(POLL_MS)
await setTimeout(graceMs)
process.kill(process.pid, 'SIGKILL')
