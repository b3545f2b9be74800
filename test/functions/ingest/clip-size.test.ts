import { describe, expect, test } from 'vitest'
import { aPng } from '../../fixtures/images.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { type IngestSetupOptions, ingestSetup } from './ingest-setup.ts'

const KEY = 'images/a.png'
const { defaults } = aModelRecord()
/** The sides of SVD. */
const SVD = aModelRecord({ defaults: { ...defaults, width: 1024, height: 576 } })

const uploaded = async (
  sides: readonly [width: number, height: number],
  request: object = {},
  options: IngestSetupOptions = { defaultSize: 'auto' },
) => {
  const setup = ingestSetup({ model: SVD, ...options })
  const [width, height] = sides
  await setup.put(`${KEY}.json`, JSON.stringify(request))
  await setup.upload(KEY, await aPng({ width, height }))
  return { setup, job: setup.jobs()[0], report: await setup.report(KEY) }
}

const shapeOf = ({ job }: Awaited<ReturnType<typeof uploaded>>): string =>
  `${job?.parameters.width}x${job?.parameters.height} ${job?.parameters.fit}`

const parameters = (given: object) => ({ parameters: given })

describe('an image without size and fit', () => {
  test.each([
    ['a square becomes 768x768', [96, 96], '768x768 fill'],
    ['a portrait becomes 576x1024', [90, 160], '576x1024 fill'],
    ['16:9 becomes 1024x576', [160, 90], '1024x576 fill'],
    ['4:3 becomes 832x640, cropped', [96, 72], '832x640 crop'],
  ] as const)('keeps its proportions: %s', async (_, sides, shape) => {
    expect(shapeOf(await uploaded(sides))).toBe(shape)
  })

  test('has the job id of an image whose request gives the same size', async () => {
    const chosen = await uploaded([160, 90])
    const given = await uploaded([160, 90], parameters({ width: 1024, height: 576 }))
    expect(chosen.job?.job_id).toBe(given.job?.job_id)
  })

  test("is stretched to the model's size when the deployment's default size is model", async () => {
    expect(shapeOf(await uploaded([96, 96], {}, { defaultSize: 'model' }))).toBe('1024x576 fill')
  })
})

describe('an image', () => {
  test.each([
    ['size model', { size: 'model' }, '1024x576 fill'],
    ['fit alone', { fit: 'pad' }, '1024x576 pad'],
    ['a side alone', { width: 512 }, '512x576 fill'],
    ['sides', { width: 512, height: 256, fit: 'crop' }, '512x256 crop'],
    ['size as text', { size: '512x256' }, '512x256 fill'],
    ['size auto with fit', { size: 'auto', fit: 'pad' }, '832x640 pad'],
    ['a bound', { max_pixels: 131_072 }, '384x320 crop'],
  ])('whose request gives %s is rendered as that says', async (_, given, shape) => {
    expect(shapeOf(await uploaded([96, 72], parameters(given)))).toBe(shape)
  })

  test('takes its size from the most specific layer of a manifest', async () => {
    const setup = ingestSetup({ model: SVD, defaultSize: 'auto' })
    await setup.put(KEY, await aPng({ width: 96, height: 96 }))
    await setup.upload(
      'manifests/m.json',
      JSON.stringify({
        defaults: { size: '512x256' },
        items: [
          { image: KEY, parameters: { size: 'auto' } },
          { image: KEY, parameters: { width: 256 } },
          { image: KEY, parameters: { max_pixels: 65_536 } },
          { image: KEY, grid: { size: ['auto', 'model'] } },
        ],
      }),
    )
    const sizes = setup.jobs().map(({ parameters: { width, height } }) => `${width}x${height}`)
    // The fourth asks for two clips, of which the first has one in common.
    expect(sizes).toEqual(['768x768', '256x576', '256x256', '1024x576'])
  })

  test.each([
    [
      { size: 'auto', width: 512 },
      'sidecar.parameters.size',
      /^got 'auto' beside sidecar.parameters.width; give the one/,
    ],
    [
      { size: 'model', max_pixels: 9_000 },
      'sidecar.parameters.max_pixels',
      /^got 9000, which bounds a size that is chosen/,
    ],
    [{ width: 512, max_pixels: 9_000 }, 'sidecar.parameters.max_pixels', /^got 9000/],
    [{ size: 'square' }, 'sidecar.parameters.size', /^got 'square'; must be auto /],
    [{ max_pixels: 8192 ** 2, num_frames: 4_000 }, 'sidecar.parameters.num_frames', /a job may have at most/],
  ])('whose request has %o is rejected', async (given, field, message) => {
    const { report } = await uploaded([96, 96], parameters(given))
    expect(report).toMatchObject({
      state: 'rejected',
      faults: [{ field, message: expect.stringMatching(message) }],
    })
  })

  test('has its size, its stretch, what is cropped, and its warnings in the report', async () => {
    const { report } = await uploaded([96, 96], parameters({ size: 'model', motion_bucket_id: 300, fps: 4 }))
    expect(report?.jobs).toMatchObject([
      {
        size: { width: 1024, height: 576, stretch: 1.778, cropped: 0, padded: 0 },
        warnings: [
          'the image is stretched 1.78-fold, from 96x96 to 1024x576; size auto keeps its proportions',
          'motion_bucket_id 300 is above 255, the most that models are trained with; take less',
          'fps 4 is outside of 5 to 30, which models are trained with; take one of these',
        ],
      },
    ])
  })

  test('has no warnings in the report when nothing is wrong', async () => {
    const { report } = await uploaded([96, 72])
    expect(report?.jobs[0]).toMatchObject({ size: { width: 832, height: 640, stretch: 1, cropped: 0.025 } })
    expect(report?.jobs[0]).not.toHaveProperty('warnings')
  })
})
