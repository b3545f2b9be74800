import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { runMeasured } from './measured-process.ts'
import type { ClipOrder, SideRun } from './side-run.ts'

const PROGRAM = fileURLToPath(new URL('../../worker/cli/svd.ts', import.meta.url))

/** The part of the output of `svd render --json` that is compared. */
const printedSchema = z.looseObject({
  steps: z.int(),
  videos: z.array(z.looseObject({ frames: z.int() })).length(1),
  seconds: z.looseObject({
    load: z.number(),
    encode_image: z.number(),
    denoise: z.number(),
    decode: z.number(),
  }),
  peak_memory_bytes: z.number(),
})

const optionsOf = ({ checkpoint, variant, threads, ...order }: ClipOrder): readonly string[] => [
  ...['--checkpoint', checkpoint, '--threads', String(threads)],
  ...(variant === null ? [] : ['--variant', variant]),
  ...Object.entries(order.arguments).flatMap(([name, value]) => [
    `--${name.replaceAll('_', '-')}`,
    String(value),
  ]),
]

export const runSvd = async (order: ClipOrder): Promise<SideRun> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'svd-bench-'))
  try {
    const output = path.join(directory, 'clip.mp4')
    const files = [order.image, '--output', output, '--json', '--quiet']
    const command = [process.execPath, PROGRAM, 'render', ...files, ...optionsOf(order)]
    const measured = await runMeasured(command, {
      python: order.python,
      env: { SVD_CACHE_DIR: order.weightCache },
    })
    const printed = printedSchema.parse(JSON.parse(measured.stdout))
    const { load, encode_image, denoise, decode } = printed.seconds
    const clipAfterLoadSeconds = encode_image + denoise + decode
    return {
      processSeconds: measured.wallSeconds,
      cpuSeconds: measured.cpuSeconds,
      loadSeconds: load,
      clipSeconds: load + clipAfterLoadSeconds,
      clipAfterLoadSeconds,
      stepSeconds: denoise / printed.steps,
      decodeSeconds: decode,
      peakBytes: measured.peakBytes,
      networkProcessPeakBytes: printed.peak_memory_bytes,
      frames: printed.videos.reduce((total, { frames }) => total + frames, 0),
      printed,
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
