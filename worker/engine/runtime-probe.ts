import { z } from 'zod'

/** Output of probe-runtime.ts, on one line. */
export const runtimeProbeSchema = z.strictObject({
  version: z.string(),
  /** Execution providers, by the runtime's own names. */
  providers: z.array(z.string()),
})

export type RuntimeProbe = z.infer<typeof runtimeProbeSchema>
