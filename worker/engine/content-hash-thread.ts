import { parentPort, workerData } from 'node:worker_threads'
import { endsWithItsHash, type HashedFile } from './content-hash.ts'

// Started by content-hash.ts; answers with one message.
parentPort?.postMessage(await endsWithItsHash(workerData as HashedFile))
