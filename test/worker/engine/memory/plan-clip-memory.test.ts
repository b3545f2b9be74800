import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { silu } from '../../../../worker/compiler/ops/elementwise.ts'
import type { PlannableGraphs, PlannedGraph } from '../../../../worker/engine/memory/clip-prediction.ts'
import { doesNotFit } from '../../../../worker/engine/memory/does-not-fit.ts'
import type { GraphMemory } from '../../../../worker/engine/memory/graph-memory.ts'
import { NO_HOST_MEMORY } from '../../../../worker/engine/memory/host-memory.ts'
import type { DeviceMemory, HostSupply } from '../../../../worker/engine/memory/memory-need.ts'
import {
  type ClipMemoryRequest,
  type ClipSize,
  planClipMemory,
} from '../../../../worker/engine/memory/plan-clip-memory.ts'

const GB = 1e9

const aNetwork = (name: string, gigabytes: number): Graph => {
  const g = createGraph(name)
  g.output('y', silu(g, g.input('x', [Math.max(1, Math.round(gigabytes * 1000))])))
  return g
}

/** Takes its input's length in megabytes. */
const memoryOf = ({ name, inputs }: Graph): PlannedGraph => {
  const bytes = (inputs[0]?.shape[0] ?? 0) * 1e6
  const inputShapes = inputs.map(({ shape }) => shape)
  // A tenth of it in the host's memory, for a session; a tenth of that for its outputs.
  const host = { ...NO_HOST_MEMORY, sessionBytes: bytes / 10, outputBytes: bytes / 100 }
  return { graph: name, inputShapes, reserve: null, weightBytes: 0, arenaBytes: bytes, bytes, host }
}

/*
 * At 1024x512: encoder 1 GB, step 10 GB or 5 GB in low-vram, decoder 1 GB a frame, in float32 2.5 GB; all in proportion
 * to the pixels.
 */
const clip = ({ width, height, numFrames }: ClipSize): PlannableGraphs => {
  const scale = (width * height) / (1024 * 512)
  const step = (numFrames / 25) * scale
  return {
    networks: (lowMemory: boolean) => [
      aNetwork('encoder', scale),
      aNetwork('denoise_step', (lowMemory ? 5 : 10) * step),
    ],
    decoder: (frames: number) => aNetwork('vae_decoder', frames * scale),
    exactDecoder: null,
  }
}

/** The same clip in float16. */
const halfClip = (size: ClipSize): PlannableGraphs => {
  const scale = (size.width * size.height) / (1024 * 512)
  return { ...clip(size), exactDecoder: (frames) => aNetwork('vae_decoder_float32', 2.5 * frames * scale) }
}

const deviceOf = (
  gigabytes: number,
  { host = null, totalGigabytes = gigabytes }: { host?: HostSupply | null; totalGigabytes?: number } = {},
): DeviceMemory => ({
  memoryOf,
  availableBytes: gigabytes * GB,
  totalBytes: totalGigabytes * GB,
  baseBytes: GB,
  shares: { offload: 1, resident: 1 },
  lowVramBytes: 8 * GB,
  host,
  instanceTypeFor: (bytes) => (bytes < 24 * GB ? 'g5.xlarge' : null),
})

const plan = (gigabytes: number, change: Partial<ClipMemoryRequest> = {}, totalGigabytes = gigabytes) =>
  planClipMemory({
    ...{ width: 1024, height: 512, numFrames: 25, memory: 'auto', keepWarm: true, decodeChunk: null },
    device: deviceOf(gigabytes, { totalGigabytes }),
    clip,
    ...change,
  })

describe('memory mode auto', () => {
  test.each([
    [37, 'resident', 25],
    [36.9, 'offload', 25],
    [26, 'offload', 25],
  ])('with %d GB decodes all frames at once in mode %s', (gigabytes, memory, decodeChunk) => {
    expect(plan(gigabytes)).toMatchObject({ fits: true, memory, decodeChunk })
  })

  test.each([
    [25.9, 'offload', 13],
    [13.9, 'offload', 9],
    [11, 'offload', 9],
    [10.9, 'low-vram', 9],
    [9.9, 'low-vram', 7],
    [6, 'low-vram', 5],
  ])(
    'with %d GB decodes in as few chunks of equal length as fit: mode %s, chunks of %d',
    (gigabytes, memory, decodeChunk) => {
      expect(plan(gigabytes)).toMatchObject({ fits: true, memory, decodeChunk })
    },
  )

  test.each([
    [24, 12],
    [20, 10],
    [14, 14],
  ])('cuts %d frames, of which 14 fit at once, into chunks of %d', (numFrames, decodeChunk) => {
    const short = plan(15, { numFrames, keepWarm: false })
    expect(short).toMatchObject({ fits: true, decodeChunk })
    if (short.fits) expect(short.graphs.filter(({ graph }) => graph === 'vae_decoder')).toHaveLength(1)
  })

  test('makes no more chunks than the longest that fits allows, and no chunk is much shorter', () => {
    const onlyDecoder = () => ({
      networks: () => [],
      decoder: (frames: number) => aNetwork('vae_decoder', frames),
      exactDecoder: null,
    })
    for (let numFrames = 2; numFrames <= 40; numFrames++) {
      for (let longest = 1; longest < numFrames; longest++) {
        const found = plan(1 + longest, { numFrames, keepWarm: false, clip: onlyDecoder })
        if (!found.fits) throw new Error(`${longest} of ${numFrames} frames do not fit`)
        const chunks = Math.ceil(numFrames / longest)
        expect(Math.ceil(numFrames / found.decodeChunk)).toBe(chunks)
        const last = numFrames - (chunks - 1) * found.decodeChunk
        expect(found.decodeChunk - last).toBeLessThan(chunks)
      }
    }
  })

  test('chooses offload for a single clip, after which no network stays in memory', () => {
    expect(plan(100, { keepWarm: false })).toMatchObject({ memory: 'offload', needBytes: 26 * GB })
  })

  test('keeps a chunk length that was given', () => {
    expect(plan(26, { decodeChunk: 8 })).toMatchObject({ fits: true, memory: 'resident', decodeChunk: 8 })
    expect(plan(14, { decodeChunk: 8 })).toMatchObject({ fits: true, memory: 'offload', decodeChunk: 8 })
    expect(plan(8, { decodeChunk: 8 })).toMatchObject({ fits: false })
  })

  test('counts the decoder of a shorter last chunk among resident networks', () => {
    expect(plan(100, { decodeChunk: 20 })).toMatchObject({
      memory: 'resident',
      needBytes: (1 + 11 + 20 + 5) * GB,
    })
  })

  test('cuts the frames of several videos as one sequence', () => {
    // 17, 17 and 16 of 50 frames.
    const found = plan(18, { videos: 2, keepWarm: false })
    expect(found).toMatchObject({ fits: true, decodeChunk: 17 })
    if (found.fits) expect(found.graphs.map(({ inputShapes }) => inputShapes[0]?.[0])).toContain(16_000)
  })

  test('takes no chunk that is as short as its overlap', () => {
    expect(plan(6, { leastChunk: 5 })).toMatchObject({ fits: true, decodeChunk: 5 })
    expect(plan(6, { leastChunk: 6 })).toMatchObject({ fits: false })
  })

  test('counts the frames that chunks share, and one decoder for all chunks', () => {
    // Four frames are shared: 0 to 10, 7 to 17 and 14 to 24. Ten at once would make four chunks.
    const overlapping = plan(15, { leastChunk: 5, keepWarm: false })
    expect(overlapping).toMatchObject({ fits: true, decodeChunk: 11 })
    if (overlapping.fits) {
      expect(overlapping.graphs.filter(({ graph }) => graph === 'vae_decoder')).toHaveLength(1)
    }
  })
})

describe('a decode chunk that overflows', () => {
  const exactPlan = (gigabytes: number, change: Partial<ClipMemoryRequest> = {}) => {
    const found = plan(gigabytes, { clip: halfClip, ...change })
    if (!found.fits || found.exact === null) throw new Error('there is no plan for it')
    const { decodeChunk, needBytes, graphs } = found.exact()
    return { chunk: found.decodeChunk, exact: decodeChunk, needBytes, lengths: graphs.map(lengthOf) }
  }
  const lengthOf = ({ inputShapes }: GraphMemory): number => (inputShapes[0]?.[0] ?? 0) / 2500

  test('is decoded in float32 as a whole if that fits without the resident networks', () => {
    expect(plan(64, { clip: halfClip })).toMatchObject({ memory: 'resident', needBytes: 37 * GB })
    expect(exactPlan(64)).toEqual({ chunk: 25, exact: 25, needBytes: 63.5 * GB, lengths: [25] })
  })

  test('is decoded in shorter float32 chunks if the whole does not fit, and keeps its own length', () => {
    expect(exactPlan(27)).toEqual({ chunk: 25, exact: 10, needBytes: 26 * GB, lengths: [10] })
    expect(plan(27, { clip: halfClip })).toMatchObject({ decodeChunk: 25, needBytes: 26 * GB })
  })

  test('is planned with the decoder of a shorter last float32 chunk', () => {
    expect(exactPlan(31, { decodeChunk: 20 })).toMatchObject({ exact: 12, lengths: [12, 5] })
    expect(exactPlan(11, { decodeChunk: 10 })).toMatchObject({ exact: 4, lengths: [4, 4] })
  })

  test('is decoded in float32 within the limit of low-vram', () => {
    expect(exactPlan(100, { memory: 'low-vram' })).toMatchObject({ chunk: 7, exact: 2, needBytes: 6 * GB })
  })

  test('has no float32 plan if not one frame fits, and the clip is accepted', () => {
    const small = { width: 2048, memory: 'low-vram', numFrames: 2 } as const
    expect(exactPlan(5, small)).toEqual({ chunk: 2, exact: null, needBytes: 6 * GB, lengths: [] })
  })
})

/* Sessions take a tenth in the host's memory, outputs a hundredth; its process takes 1 GB. */
describe('the memory of the host', () => {
  const hostPlan = (
    hostGigabytes: number,
    change: Partial<ClipMemoryRequest> = {},
    totalGigabytes = hostGigabytes,
  ) =>
    planClipMemory({
      ...{ width: 1024, height: 512, numFrames: 25, memory: 'auto', keepWarm: true, decodeChunk: null },
      device: deviceOf(100, {
        host: {
          ...{ availableBytes: hostGigabytes * GB, totalBytes: totalGigabytes * GB },
          ...{ baseBytes: GB, share: 1 },
        },
      }),
      clip,
      ...change,
    })
  /** Outputs of encoder, step and decoder. */
  const outputs = (decoded: number): number => 0.01 + 0.1 + decoded / 100

  test('has to hold all sessions if networks are resident, and otherwise the largest one', () => {
    const [resident, offload] = [hostPlan(100), hostPlan(100, { keepWarm: false })]
    if (!resident.fits || !offload.fits) throw new Error('it does not fit')
    expect(resident.host?.needBytes).toBeCloseTo((1 + outputs(25) + 3.6 + 0.25) * GB, -8)
    expect(offload.host?.needBytes).toBeCloseTo((1 + outputs(25) + 2.5 + 0.25) * GB, -8)
    expect(offload.host?.availableBytes).toBe(100 * GB)
  })

  test('decides the memory mode first, and then the chunk', () => {
    expect(hostPlan(5.3)).toMatchObject({ fits: true, memory: 'resident', decodeChunk: 25 })
    expect(hostPlan(4.5)).toMatchObject({ fits: true, memory: 'offload', decodeChunk: 25 })
    expect(hostPlan(2.6)).toMatchObject({ fits: true, decodeChunk: 9 })
  })

  test('that is too small refuses the clip with an error that names it', () => {
    const found = hostPlan(1.5)
    if (found.fits) throw new Error('it fits')
    expect(found).toMatchObject({ of: 'host', graph: 'denoise_step', availableBytes: 1.5 * GB })
    expect(doesNotFit(found).message).toMatch(
      /^memory: denoise_step needs 1\.\d+ GB of the host's memory, and 1\.50 GB are there; what would fit: /,
    )
  })

  test('that other processes use lets the clip fit later', () => {
    expect(hostPlan(1.5, {}, 100)).toMatchObject({
      ...{ of: 'host', fitsTotal: true, totalBytes: 100 * GB, usedByOthersBytes: 98.5 * GB },
    })
    expect(hostPlan(1.5, {}, 1.6)).toMatchObject({ of: 'host', fitsTotal: false })
  })

  test('holds blended chunks as float32', () => {
    const [plain, blended] = [1, 3].map((leastChunk) => hostPlan(100, { decodeChunk: 5, leastChunk }))
    if (!plain?.fits || !blended?.fits) throw new Error('it does not fit')
    expect((blended.host?.needBytes ?? 0) - (plain.host?.needBytes ?? 0)).toBeCloseTo(10 * 0.05 * GB, -3)
  })
})

describe('a requested memory mode', () => {
  test('leaves memory for all other networks if they are resident', () => {
    expect(plan(20, { memory: 'resident' })).toMatchObject({
      decodeChunk: 5,
      needBytes: (1 + 11 + 5) * GB,
    })
  })

  test('is kept, and its chunk length is chosen', () => {
    expect(plan(100, { memory: 'offload' })).toMatchObject({ memory: 'offload', decodeChunk: 25 })
    expect(plan(11, { memory: 'offload' })).toMatchObject({ memory: 'offload', decodeChunk: 9 })
  })

  test('decodes in as few chunks as its limit allows, for low-vram', () => {
    expect(plan(100, { memory: 'low-vram' })).toMatchObject({ decodeChunk: 7, needBytes: 8 * GB })
    expect(plan(7, { memory: 'low-vram' })).toMatchObject({ decodeChunk: 5 })
    expect(plan(100, { memory: 'low-vram', decodeChunk: 20 })).toMatchObject({ decodeChunk: 20 })
  })

  test('lets the decoder take as much as networks that exceed its limit, for low-vram', () => {
    expect(plan(100, { memory: 'low-vram', width: 2048 })).toMatchObject({
      decodeChunk: 5,
      needBytes: 11 * GB,
    })
  })

  test('counts networks that take turns together', () => {
    const inTurn = (size: ClipSize) => ({
      ...clip(size),
      networks: () => [aNetwork('encoder', 4), [aNetwork('prediction_step', 3), aNetwork('euler_step', 2)]],
    })
    const found = plan(100, { memory: 'low-vram', decodeChunk: 1, clip: inTurn })
    expect(found).toMatchObject({ fits: true, needBytes: (1 + 3 + 2) * GB })
    const names = found.fits ? found.graphs.map(({ graph }) => graph) : []
    expect(names).toEqual(['encoder', 'prediction_step', 'euler_step', 'vae_decoder'])
    expect(plan(5.9, { memory: 'low-vram', decodeChunk: 1, clip: inTurn })).toMatchObject({ fits: false })
  })

  test('is refused if it does not fit, with the mode that fits', () => {
    expect(plan(7, { memory: 'offload' })).toEqual({
      ...{ fits: false, of: 'device', graph: 'denoise_step', needBytes: 11 * GB, availableBytes: 7 * GB },
      ...{ usedByOthersBytes: 0, totalBytes: 7 * GB, fitsTotal: false },
      ...{ nearest: { memory: 'auto' }, instanceType: 'g5.xlarge' },
    })
  })
})

describe('a clip that does not fit', () => {
  test.each([
    ['a smaller chunk', 9, { decodeChunk: 25 }, { decodeChunk: 7 }],
    ['fewer frames', 4, {}, { numFrames: 12, decodeChunk: 3 }],
    ['a smaller image', 1.15, { numFrames: 2 }, { width: 384, height: 192, decodeChunk: 1 }],
  ])('is refused with %s that fits', (_, gigabytes, change, nearest) => {
    expect(plan(gigabytes, change)).toMatchObject({ fits: false, nearest })
  })

  test('is refused with an instance type if no argument helps', () => {
    const found = plan(0.5)
    if (found.fits) throw new Error('it fits')
    expect(found).toMatchObject({ nearest: null, needBytes: 6 * GB, availableBytes: 0.5 * GB })
    expect(doesNotFit(found).message).toBe(
      'memory: denoise_step needs 6.00 GB, and 500 MB are there; free some memory, or take an instance of g5.xlarge',
    )
  })

  test('is refused without predicting decoders or numbers of frames that cannot help', () => {
    const decoders: number[] = []
    const clips: string[] = []
    const found = plan(0.5, {
      clip(size) {
        clips.push(`${size.width}x${size.height}, ${size.numFrames} frames`)
        const networks = clip(size)
        return {
          ...networks,
          decoder(frames) {
            decoders.push(frames)
            return networks.decoder(frames)
          },
        }
      },
    })
    expect(found.fits).toBe(false)
    expect(decoders).toEqual([1])
    expect(clips).toEqual([
      ...['1024x512, 25 frames', '1024x512, 2 frames'],
      ...['768x384, 25 frames', '512x256, 25 frames', '384x192, 25 frames', '256x128, 25 frames'],
    ])
  })

  test('fits later if other processes use the memory that it needs', () => {
    const found = plan(4, {}, 7)
    if (found.fits) throw new Error('it fits')
    expect(doesNotFit(found)).toMatchObject({
      fitsLater: true,
      message:
        'memory: denoise_step needs 6.00 GB, and 4.00 GB are there, because other processes use 3.00 GB of 7.00 GB; ' +
        'what would fit: --num-frames 12 --decode-chunk-size 3; or free some memory, or take an instance of g5.xlarge',
    })
  })

  test('never fits if it needs more than the total memory', () => {
    const found = plan(4, {}, 5.9)
    if (found.fits) throw new Error('it fits')
    expect(doesNotFit(found)).toMatchObject({
      fitsLater: false,
      message: expect.stringMatching(/^memory: denoise_step needs 6\.00 GB, and 4\.00 GB are there; /),
    })
  })

  test('is refused with the need of the whole model if resident was requested', () => {
    const found = plan(30, { memory: 'resident', decodeChunk: 25 })
    if (found.fits) throw new Error('it fits')
    expect(doesNotFit(found).message).toMatch(
      /^memory: the whole model needs 37\.0 GB, and 30\.0 GB are there; /,
    )
  })

  test('is refused with the arguments that would fit', () => {
    const found = plan(4)
    if (found.fits) throw new Error('it fits')
    expect(doesNotFit(found).message).toBe(
      'memory: denoise_step needs 6.00 GB, and 4.00 GB are there; ' +
        'what would fit: --num-frames 12 --decode-chunk-size 3; or free some memory, or take an instance of g5.xlarge',
    )
  })
})
