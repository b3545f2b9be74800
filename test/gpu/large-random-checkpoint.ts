/// <reference lib="esnext.float16" />
import { cp, mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { encodeLength } from '../fixtures/checkpoint-safetensors.ts'
import { networkTensors, type TensorShapes } from '../fixtures/network-tensors.ts'
import { valueRule } from '../fixtures/random-checkpoint.ts'
import { drawUniform } from '../fixtures/uniform.ts'

/** Numbers of a block. It is a prime, so that rows of a matrix do not repeat with the block. */
const BLOCK_LENGTH = 1_048_573
const HALF_BYTES = 2

/**
 * Blocks of float16 numbers, one for each rule. Drawing 2 billion numbers would take a minute. So tensors repeat the
 * block of their rule, and each begins at another number of it.
 */
const openBlocks = () => {
  const uniform = drawUniform(1, BLOCK_LENGTH)
  const blocks = new Map<string, Buffer>()
  return (key: string, shape: readonly number[]): Buffer => {
    const rule = valueRule(key, shape)
    const name = `${rule(-0.5)}:${rule(0.5)}`
    const known = blocks.get(name)
    if (known !== undefined) return known
    const values = Float16Array.from(uniform, (u) => rule(u - 0.5))
    const block = Buffer.from(values.buffer)
    blocks.set(name, block)
    return block
  }
}

/** Slices of the block that give `sizeBytes`, the first of them from number `start`. */
const repeated = (block: Buffer, start: number, sizeBytes: number): readonly Buffer[] => {
  const slices: Buffer[] = []
  let from = (start % BLOCK_LENGTH) * HALF_BYTES
  for (let left = sizeBytes; left > 0; from = 0) {
    const slice = block.subarray(from, Math.min(block.length, from + left))
    slices.push(slice)
    left -= slice.length
  }
  return slices
}

const writeTensors = async (
  file: string,
  shapes: TensorShapes,
  blockOf: ReturnType<typeof openBlocks>,
): Promise<void> => {
  let end = 0
  const entries = [...shapes].map(([key, shape]) => {
    const begin = end
    end += shape.reduce((product, side) => product * side, HALF_BYTES)
    return [key, { dtype: 'F16', shape, data_offsets: [begin, end] }] as const
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  await using handle = await open(file, 'w')
  await handle.writev([encodeLength(BigInt(header.length)), header])
  for (const [index, [key, { shape, data_offsets: offsets }]] of entries.entries()) {
    const [begin = 0, until = 0] = offsets
    for (const slice of repeated(blockOf(key, shape), index * 7919, until - begin)) {
      let written = 0
      while (written < slice.length) written += (await handle.write(slice, written)).bytesWritten
    }
  }
}

/**
 * Writes a whole checkpoint of the variant fp16 to `dir`, with random weights that follow the rule of the random
 * checkpoints: scaled by the fan-in, norms near 1. SVD-XT's 4.5 GB take some seconds. Activations keep their size
 * through the networks, so that float16 does not overflow.
 */
export const writeLargeRandomCheckpoint = async (configs: string, dir: string): Promise<void> => {
  await mkdir(dir, { recursive: true })
  await cp(configs, dir, { recursive: true })
  const configured = await openCheckpoint(dir, { weights: 'optional' })
  const blockOf = openBlocks()
  for (const [stem, shapes] of Object.entries(networkTensors(configured))) {
    await writeTensors(path.join(dir, `${stem}.fp16.safetensors`), shapes, blockOf)
  }
}
