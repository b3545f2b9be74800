import { z } from 'zod'
import { PRECISIONS } from '../../../worker/compiler/targets/clip-targets.ts'
import { openSession } from '../../../worker/engine/session.ts'
import { checkNetworks, checkPipeline, type GoldenSetup, NETWORK_GOLDENS } from '../golden-checks.ts'
import { serveTask } from './serve-task.ts'

const requestSchema = z.object({
  goldens: z.array(z.string()),
  precision: z.enum(PRECISIONS),
  computeCapability: z.int(),
  values: z.boolean(),
  folder: z.string(),
})

await serveTask(requestSchema, async ({ goldens, folder, ...asked }, emit) => {
  const setup: GoldenSetup = {
    ...{ ...asked, folder, open: openSession },
    sessionOptions: { provider: 'cuda', threads: 0, cacheDir: `${folder}/cache` },
  }
  for (const golden of goldens) {
    const check = golden in NETWORK_GOLDENS ? checkNetworks : checkPipeline
    try {
      for await (const row of check(golden, setup)) emit(row)
    } catch (error) {
      emit({ type: 'golden-failed', golden, message: error instanceof Error ? error.message : String(error) })
    }
  }
})
