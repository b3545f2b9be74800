import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { ClipArguments } from './side-run.ts'

export const CASE_NAMES = ['middle', 'demo', 'full'] as const
export type CaseName = (typeof CASE_NAMES)[number]

export interface BenchCase {
  /** A description of the checkpoint for the reader of the figures. */
  readonly checkpointIs: string
  /** A folder that the project has, or a width that make_checkpoint.py knows. */
  readonly checkpoint: { readonly folder: string } | { readonly width: 'middle' | 'full' }
  readonly variant: string | null
  readonly arguments: ClipArguments
}

const DEMO = fileURLToPath(new URL('../../worker/demo', import.meta.url))

/** The demo checkpoint's own defaults, passed to both sides, because diffusers does not read svd.json. */
const demoArguments = async (): Promise<ClipArguments> =>
  z.record(z.string(), z.number()).parse(JSON.parse(await readFile(path.join(DEMO, 'svd.json'), 'utf8')))

export const caseOf = async (name: CaseName): Promise<BenchCase> => {
  switch (name) {
    case 'middle':
      return {
        checkpointIs:
          'random weights, SVD topology, UNet (128, 256, 512, 512), VAE (64, 128, 256, 256), float32',
        checkpoint: { width: 'middle' },
        variant: null,
        arguments: { width: 256, height: 256, num_frames: 8, num_inference_steps: 4, decode_chunk_size: 8 },
      }
    case 'demo':
      return {
        checkpointIs: "the project's demo checkpoint, float16 weights run in float32",
        checkpoint: { folder: DEMO },
        variant: 'fp16',
        arguments: await demoArguments(),
      }
    case 'full':
      return {
        checkpointIs: 'random weights at the widths of SVD-XT, float16 weights run in float32',
        checkpoint: { width: 'full' },
        variant: 'fp16',
        arguments: { width: 256, height: 256, num_frames: 2, num_inference_steps: 2 },
      }
  }
}
