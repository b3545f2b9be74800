import { z } from 'zod'

/** What probe-runtime.ts prints, on one line. */
export const runtimeProbeSchema = z.strictObject({
  version: z.string(),
  /** Execution providers, by the runtime's own names. */
  providers: z.array(z.string()),
})

export type RuntimeProbe = z.infer<typeof runtimeProbeSchema>
