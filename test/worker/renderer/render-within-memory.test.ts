import { expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import type { Phase } from '../../../worker/pipeline/progress.ts'
import type { Renderer } from '../../../worker/renderer/child-process-renderer.ts'
import type { RenderJob, RenderResult } from '../../../worker/renderer/render-job.ts'
import { renderWithinMemory } from '../../../worker/renderer/render-within-memory.ts'
import { crashOf, RendererCrashedError } from '../../../worker/renderer/renderer-crashed.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const aJob = (given: Readonly<Record<string, unknown>> = {}): RenderJob => {
  const defaults = {
    ...{ width: 64, height: 32, numFrames: 14, numInferenceSteps: 2, sigmas: null },
    ...{ minGuidanceScale: 1, maxGuidanceScale: 3, fps: 7, motionBucketId: 127, noiseAugStrength: 0.02 },
    ...{ decodeChunkSize: null, numVideosPerPrompt: 1 },
  }
  const parameters = resolveParameters(parseRenderArguments(given), defaults, { vaeScaleFactor: 8 })
  return {
    ...{ device: { provider: 'cpu' }, checkpointDir: '/checkpoint', variant: null },
    ...{ memory: 'auto', keepWarm: true, threads: 0, cacheDir: null, outputs: ['/0.rgb'] },
    source: { path: '/source.rgb', sha256: null, width: 64, height: 32 },
    fitted: { path: '/fitted.rgb', sha256: null, width: 64, height: 32 },
    parameters: { ...parameters, sigmas: null },
  }
}

interface FakeOptions {
  /** Frames decoded at once, above which the kernel kills the renderer. */
  readonly most: number
  /** The phase in which it is killed. Default: `decode`. */
  readonly phase?: Phase
  /** The killer of the renderer. Default: the kernel, for memory. */
  readonly killer?: 'kernel' | 'somebody'
  /** The kernel does not count. */
  readonly uncounted?: true
  /** Chunk that the renderer's own planner allows at most. */
  readonly planned?: number
}

const aRenderer = ({ most, phase = 'decode', killer = 'kernel', uncounted, planned = 99 }: FakeOptions) => {
  const asked: (number | null)[] = []
  const restarts: string[] = []
  let kills = 7
  const fake: Renderer<RenderJob, RenderResult> = {
    async render({ parameters }, { onProgress }) {
      asked.push(parameters.decodeChunkSize)
      const chunk = Math.min(parameters.decodeChunkSize ?? parameters.numFrames, planned)
      onProgress?.({ phase: 'denoise', step: 1, steps: 1 })
      if (phase === 'decode')
        onProgress?.({ phase: 'decode', step: 0, steps: Math.ceil(parameters.numFrames / chunk) })
      if (chunk > most) {
        if (killer === 'kernel') kills++
        throw crashOf({ exitCode: null, signal: 'SIGKILL', lastStderr: '' })
      }
      return { decodeChunk: chunk } as RenderResult
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
  const renderer = renderWithinMemory(fake, {
    countOomKills: async () => (uncounted ? null : kills),
    onRestart: (reason) => restarts.push(reason),
  })
  const render = (job: RenderJob) => renderer.render(job, { signal: unaborted })
  return { asked, restarts, render }
}

test('a renderer killed for memory decodes half as many frames at once, until they fit', async () => {
  const { asked, restarts, render } = aRenderer({ most: 4 })

  expect(await render(aJob())).toEqual({ decodeChunk: 3 })

  expect(asked).toEqual([null, 7, 3])
  expect(restarts).toEqual([
    'the renderer was killed by SIGKILL (out of memory?); 7 frames are decoded at once from now on',
    'the renderer was killed by SIGKILL (out of memory?); 3 frames are decoded at once from now on',
  ])
})

test('later jobs of the same shape begin with the smaller chunk, and other jobs with their own', async () => {
  const { asked, render } = aRenderer({ most: 4 })
  await render(aJob())
  asked.length = 0

  await render(aJob())
  await render(aJob({ decode_chunk_size: 2 }))
  await render(aJob({ width: 128, decode_chunk_size: 4 }))

  expect(asked).toEqual([3, 2, 4])
})

test('a renderer begins below the chunk that it had planned itself', async () => {
  const { asked, render } = aRenderer({ most: 1, planned: 2 })
  await render(aJob())
  expect(asked).toEqual([null, 1])
})

test('a clip does not fit if the renderer was also killed at the smallest chunk', async () => {
  const { asked, render } = aRenderer({ most: 0 })

  const rendering = render(aJob({ decode_chunk_size: 4, decode_overlap: 1 }))

  await expect(rendering).rejects.toThrow(DoesNotFitError)
  await expect(rendering).rejects.toThrow(
    /^a clip of 64x32: .* decoded 2 frames at once, the fewest possible/,
  )
  expect(asked).toEqual([4, 2])
})

test.each([
  ['that the kernel did not kill', { killer: 'somebody' }],
  ['that was killed before the decode', { phase: 'denoise' }],
  ['whose kill the kernel does not count', { uncounted: true }],
] as const)('a renderer %s counts as crashed', async (_, options) => {
  const { asked, render } = aRenderer({ most: 0, ...options })
  await expect(render(aJob())).rejects.toThrow(RendererCrashedError)
  expect(asked).toHaveLength(1)
})
