import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip } from '../../../worker/compiler/compile.ts'
import { type RunWork, runWork } from '../../../worker/compiler/graph/run-work.ts'
import { cudaTarget } from '../../../worker/compiler/targets/cuda/cuda.ts'
import { oneTarget } from '../../../worker/compiler/targets/target.ts'
import { XT_CONFIGS } from '../../fixtures/checkpoint-folder.ts'

/*
 * The work of a GPU for SVD-XT's 25 frames of 1024 × 576 in float16, counted. No time is measured. Bytes between
 * products are compared with those of diffusers' eager graph, which test/reference/eager_bytes.py counts by the rule in
 * its header; `runWork` counts by the same rule.
 */

const movedSchema = z.object({ frames: z.int(), bytes: z.int() })
const eager = z
  .object({ unetStep: movedSchema, vaeDecode: z.array(movedSchema) })
  .parse(JSON.parse(await readFile(new URL('../../goldens/eager-bytes.json', import.meta.url), 'utf8')))

let graphs: ClipGraphs
beforeAll(async () => {
  graphs = compileClip(await openCheckpoint(XT_CONFIGS, { weights: 'optional' }), {
    width: 1024,
    height: 576,
    numFrames: 25,
    guidance: true,
    targets: oneTarget(cudaTarget('float16')),
    feedForwardChunks: 1,
  })
})

const tensorCoreShare = ({ flops, tensorCoreFlops }: RunWork): number => tensorCoreFlops / flops

describe('a denoise step of SVD-XT', () => {
  const work = (): RunWork => runWork(graphs.denoiseStep())

  test('takes at most 154 TFLOP', () => {
    const { flops } = work()
    expect(flops).toBeLessThanOrEqual(154e12)
    // Less would be work that is not counted.
    expect(flops).toBeGreaterThan(150e12)
  })

  test('has at least 99 % of its FLOPs on tensor cores', () => {
    expect(tensorCoreShare(work())).toBeGreaterThanOrEqual(0.99)
  })

  test('moves at most half as many bytes between products as diffusers', () => {
    expect(eager.unetStep.frames).toBe(25)
    expect(work().elementwiseBytes).toBeLessThanOrEqual(eager.unetStep.bytes / 2)
  })
})

describe.each([8, 25])('a VAE decode of %i frames', (frames) => {
  const work = (): RunWork => runWork(graphs.vaeDecoder(frames))

  test('has at least 99 % of its FLOPs on tensor cores', () => {
    expect(tensorCoreShare(work())).toBeGreaterThanOrEqual(0.99)
  })

  test('moves at most half as many bytes per frame between products as diffusers', () => {
    const reference = eager.vaeDecode.find((decode) => decode.frames === frames)
    const perFrame = work().elementwiseBytes / frames
    expect(perFrame).toBeLessThanOrEqual((reference?.bytes ?? 0) / frames / 2)
  })
})

test('the float16 networks around the step have at least 99 % of their FLOPs on tensor cores', () => {
  const around = { imageEncoder: graphs.imageEncoder(), conditioning: graphs.conditioning(2) }
  for (const [name, graph] of Object.entries({ ...around, timeShifts: graphs.timeShifts(25) })) {
    expect(tensorCoreShare(runWork(graph)), name).toBeGreaterThanOrEqual(0.99)
  }
})
