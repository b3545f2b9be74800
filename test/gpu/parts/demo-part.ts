import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import { openRenderer } from '../../../worker/renderer/child-process-renderer.ts'
import { prepareImage } from '../../../worker/renderer/prepare-image.ts'
import {
  type RenderJob,
  type RenderResult,
  renderJobSchema,
  renderResultSchema,
} from '../../../worker/renderer/render-job.ts'
import { psnrOf } from '../../fixtures/clip-measures.ts'
import { differenceOf } from '../../fixtures/difference.ts'
import { readGolden } from '../../fixtures/golden.ts'
import { choiceOf, type Machine } from '../machine.ts'
import type { Column, Row } from '../report.ts'
import type { Part } from '../run-parts.ts'
import { processOf } from '../run-task.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url))

const CLIP = 'bucket-127'
/** The largest loss of PSNR against the CPU's float32 clip, which test/reference/demo.py recorded. */
const ALLOWED_PSNR_LOSS_DB = 0.5
const FIRST_OR_LATER = ['first, with sessions and planning', 'second, all in memory'] as const

const PHASES = ['load', 'encodeImage', 'denoise', 'decode', 'total'] as const
const COLUMNS: readonly Column[] = [
  { key: 'clip', head: 'clip' },
  { key: 'frames', head: 'frames' },
  ...PHASES.map((key) => ({ key, head: `${key}, s`, ofCard: true })),
  { key: 'nonFiniteValues', head: 'not finite', ofCard: true },
  { key: 'psnrDb', head: 'PSNR of frame 0 to the photo, dB', ofCard: true },
  { key: 'goldenPsnrDb', head: "the CPU's, dB", ofCard: true },
  { key: 'largestOf255', head: 'largest difference to diffusers, of 255', ofCard: true },
  { key: 'meanOf255', head: 'mean', ofCard: true },
]

/** Two clips in one renderer's process, as a worker renders them, without making an MP4. */
const renderTwice = async (machine: Machine, folder: string, signal: AbortSignal) => {
  const golden = await readGolden('demo')
  const { arguments: common = '', clips = '', image = '', variant = '' } = golden.metadata
  const checkpointDir = inRepository('worker/demo')
  const checkpoint = await openCheckpoint(checkpointDir, { variant })
  const parameters = resolveParameters(
    parseRenderArguments({ ...JSON.parse(common), ...JSON.parse(clips)[CLIP] }),
    checkpoint.defaults,
    { vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config) },
  )
  const photo = await readFile(inRepository(image))
  const { width, height, fit } = parameters
  const prepared = await prepareImage({ bytes: photo, field: image, width, height, fit, folder, signal })
  const choice = choiceOf(machine, 'fp16')
  await using renderer = openRenderer({
    entry: inRepository('worker/renderer/main.ts'),
    schemas: { job: renderJobSchema, result: renderResultSchema },
    ...processOf(machine, choice),
  })
  const rendered: { readonly result: RenderResult; readonly bytes: Buffer }[] = []
  for (const [index] of FIRST_OR_LATER.entries()) {
    const output = path.join(folder, `clip-${index}.raw`)
    const job: RenderJob = renderJobSchema.parse({
      ...{ device: choice, checkpointDir, variant, parameters, memory: 'resident', keepWarm: true },
      ...{ threads: 0, cacheDir: path.join(folder, 'cache'), outputs: [output] },
      ...{ source: prepared.source, fitted: prepared.fitted },
    })
    const result = await renderer.render(job, { signal })
    rendered.push({ result, bytes: await readFile(output) })
  }
  return { golden, photo: await decodeImage(photo, image), parameters, rendered }
}

export const demoPart = (machine: Machine, parent: string): Part => ({
  name: 'demo',
  leastSeconds: 20,
  mostSeconds: 90,
  async run(signal) {
    const folder = path.join(parent, 'demo')
    await mkdir(folder)
    const { golden, photo, parameters, rendered } = await renderTwice(machine, folder, signal)
    const { width, height, numFrames } = parameters
    const frameBytes = width * height * 3
    const numbers = JSON.parse(golden.metadata['frame_numbers'] ?? '[]') as readonly number[]
    const expected = golden.tensor<Uint8Array>(`${CLIP}/frames`).data
    const goldenPsnrDb = golden.tensor<Float64Array>(`${CLIP}/psnr_first_db`).data[0] ?? Number.NaN
    const clips = rendered.map(({ result, bytes }, index) => {
      const frame = (number: number): Buffer => bytes.subarray(number * frameBytes, (number + 1) * frameBytes)
      const moved = differenceOf(Buffer.concat(numbers.map(frame)), expected)
      const [video] = result.videos
      return {
        clip: FIRST_OR_LATER[index] ?? '',
        frames: video?.frameCount ?? 0,
        ...result.seconds,
        nonFiniteValues: video?.nonFiniteValues ?? 0,
        psnrDb: psnrOf(photo.data, frame(0)),
        goldenPsnrDb,
        largestOf255: moved.maxAbsolute,
        meanOf255: moved.meanAbsolute,
        sizeBytes: bytes.length,
      }
    })
    const [first, second] = rendered
    const same = first !== undefined && second !== undefined && first.bytes.equals(second.bytes)
    const wrongSize = clips.filter(({ sizeBytes }) => sizeBytes !== numFrames * frameBytes)
    const spoilt = machine.standIn ? [] : clips.filter(({ nonFiniteValues }) => nonFiniteValues > 0)
    const unlike = machine.standIn
      ? []
      : clips.filter(({ psnrDb }) => !(psnrDb >= goldenPsnrDb - ALLOWED_PSNR_LOSS_DB))
    return {
      tables: [
        {
          title: `Demo checkpoint, ${numFrames} frames of ${width}x${height}, ${parameters.numInferenceSteps} steps, fp16`,
          columns: COLUMNS,
          rows: clips.map(({ sizeBytes: _, ...row }): Row => row),
        },
      ],
      notes: machine.standIn
        ? []
        : [`The bytes of both clips are ${same ? 'equal' : 'not equal, which a GPU does not promise'}.`],
      failures: [
        ...wrongSize.map(({ clip, sizeBytes }) => `the ${clip} clip has ${sizeBytes} bytes`),
        ...spoilt.map(
          ({ clip, nonFiniteValues }) => `the ${clip} clip had ${nonFiniteValues} values that are not finite`,
        ),
        ...unlike.map(
          ({ clip, psnrDb }) =>
            `frame 0 of the ${clip} clip has a PSNR of ${psnrDb.toFixed(2)} dB to the photo; ` +
            `must be at most ${ALLOWED_PSNR_LOSS_DB} dB below the CPU's ${goldenPsnrDb.toFixed(2)} dB`,
        ),
      ],
    }
  },
})
