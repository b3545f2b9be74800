import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { runMeasured } from './measured-process.ts'
import type { ClipOrder, SideRun } from './side-run.ts'

const PROGRAM = fileURLToPath(new URL('diffusers_clip.py', import.meta.url))

const printedSchema = z.object({
  importSeconds: z.number(),
  loadSeconds: z.number(),
  clipSeconds: z.number(),
  /** Between the ends of two steps: one fewer than there are steps. */
  stepSeconds: z.array(z.number()).min(1),
  decodeSeconds: z.number(),
  peakMemoryBytes: z.number(),
  frames: z.int(),
  versions: z.record(z.string(), z.string()),
})

export const runDiffusers = async (order: ClipOrder): Promise<SideRun> => {
  const { python, checkpoint, variant, image, threads } = order
  const command = [
    python,
    PROGRAM,
    '--checkpoint',
    checkpoint,
    '--image',
    image,
    '--threads',
    String(threads),
  ]
  if (variant !== null) command.push('--variant', variant)
  command.push('--arguments', JSON.stringify(order.arguments))
  // The checkpoint is a folder, so nothing is requested from the Hub during the measurement.
  const measured = await runMeasured(command, { python, env: { HF_HUB_OFFLINE: '1' } })
  const printed = printedSchema.parse(JSON.parse(measured.stdout))
  const { stepSeconds } = printed
  return {
    processSeconds: measured.wallSeconds,
    cpuSeconds: measured.cpuSeconds,
    loadSeconds: printed.loadSeconds,
    clipSeconds: printed.clipSeconds,
    clipAfterLoadSeconds: printed.clipSeconds,
    stepSeconds: stepSeconds.reduce((total, step) => total + step, 0) / stepSeconds.length,
    decodeSeconds: printed.decodeSeconds,
    peakBytes: measured.peakBytes,
    networkProcessPeakBytes: measured.maxProcessBytes,
    frames: printed.frames,
    printed,
  }
}
