import { describe, expect, test } from 'vitest'
import { elementCount } from '../../worker/checkpoint/element-count.ts'

import { openSession } from '../../worker/engine/session.ts'
import type { OpenSession } from '../../worker/engine/session-pool.ts'
import { cudaOpsOnCpu } from '../fixtures/cuda-ops-on-cpu.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { checkNetworks, checkPipeline, type GoldenRow, type GoldenSetup } from './golden-checks.ts'

/** The graphs of the CUDA target, with real values. */
const onCpu: OpenSession = (graph, options) => openSession(cudaOpsOnCpu(graph), options)

/** Sessions whose results are wrong by 2 percent. */
const wrongBy2Percent: OpenSession = async (graph, options) => {
  const session = await onCpu(graph, options)
  return {
    ...session,
    async run(inputs) {
      const outputs = await session.run(inputs)
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, shape }]) => [
          name,
          data instanceof Float32Array ? { data: data.map((x) => 1.02 * x), shape } : { data, shape },
        ]),
      )
    },
  }
}

const aSetup = async (changes: Partial<GoldenSetup>): Promise<GoldenSetup> => ({
  ...{ precision: 'fp32', computeCapability: 86, values: true, open: onCpu, folder: await temporaryDir() },
  sessionOptions: { threads: 2, cacheDir: null },
  ...changes,
})

const rowsOf = async (rows: AsyncIterable<GoldenRow>): Promise<readonly GoldenRow[]> =>
  await Array.fromAsync(rows)
const verdicts = (rows: readonly GoldenRow[]) =>
  Object.fromEntries(rows.map(({ output, ok }) => [output, ok]))

describe.each(['fp32', 'fp16'] as const)('in %s', (precision) => {
  test('checkNetworks compares every network of a golden, and passes with the right values', async () => {
    const rows = await rowsOf(checkNetworks('networks-tiny', await aSetup({ precision })))
    expect(verdicts(rows)).toEqual({
      'clip.image_embeds': true,
      'vae.encode.mode': true,
      'vae.decode.1.sample': true,
      'vae.decode.2.sample': true,
      'vae.decode.5.sample': true,
      'unet.guided.output': true,
      'unet.one_frame.output': true,
    })
    for (const { largest, largestBudget } of rows) expect(largest).toBeLessThanOrEqual(largestBudget ?? 0)
  })

  test('checkPipeline compares latents and frames of a clip, and passes with the right values', async () => {
    const rows = await rowsOf(checkPipeline('pipeline-default-ramp', await aSetup({ precision })))
    expect(verdicts(rows)).toEqual({ latents: true, frames: true })
  })
})

test.each([
  [75, 1],
  [86, 3],
])(
  'a GPU of compute capability %i runs its own graphs, whose UNet has attention with %i input(s)',
  async (computeCapability, inputs) => {
    const counts = new Set<number>()
    const open: OpenSession = async ({ name, nodes, outputs }) => {
      const attentions = nodes.filter(({ op }) => op === 'MultiHeadAttention')
      if (name === 'unet') for (const node of attentions) counts.add(node.inputs.length)
      const zeros = outputs.map(({ name: output, shape }) => [
        output,
        { data: new Float32Array(elementCount(shape)), shape },
      ])
      return { name, run: async () => Object.fromEntries(zeros), [Symbol.asyncDispose]: async () => {} }
    }
    const setup = await aSetup({ precision: 'fp16', computeCapability, values: false, open })
    await rowsOf(checkNetworks('networks-four-level', setup))
    expect(counts).toContain(inputs)
  },
)

test('checks of goldens fail with wrong values', async () => {
  const [single, half] = [
    await aSetup({ open: wrongBy2Percent }),
    await aSetup({ precision: 'fp16', open: wrongBy2Percent }),
  ]
  const rows = [
    ...(await rowsOf(checkPipeline('pipeline-default-ramp', single))),
    ...(await rowsOf(checkNetworks('networks-tiny', half))),
  ]
  expect(rows.map(({ ok }) => ok)).toEqual(rows.map(() => false))
})

test('checks without values compare shapes alone', async () => {
  const rows = await rowsOf(
    checkPipeline('pipeline-default-ramp', await aSetup({ values: false, open: wrongBy2Percent })),
  )
  expect(rows.map(({ ok, largest }) => [ok, largest])).toEqual([
    [true, null],
    [true, null],
  ])
})
