import { describe, expect, test } from 'vitest'
import { DEFAULT_WORK_LIMITS } from '../../../../shared/contracts/work-limits.ts'
import { readManifest } from '../../../../shared/manifest/parse-manifest.ts'
import { assertExpectedNames } from '../../../../worker/client/download/expected-names.ts'
import { parseNameTemplate } from '../../../../worker/client/download/name-template.ts'
import { expectedOfImage, expectedOfManifest } from '../../../../worker/client/submit/expected-clips.ts'

const ofManifest = (manifest: object) =>
  expectedOfManifest(
    'manifests/m.json',
    readManifest(Buffer.from(JSON.stringify(manifest)), 'json', DEFAULT_WORK_LIMITS),
  )

const check = (template: string, clips: Parameters<typeof assertExpectedNames>[2]): string | null => {
  try {
    assertExpectedNames('--name', parseNameTemplate('--name', template), clips)
    return null
  } catch (error) {
    return String(error)
  }
}

const cups = (...items: readonly object[]) =>
  ofManifest({ items: items.map((item) => ({ image: 'images/cup.png', ...item })) })

describe('the expected names of clips are accepted when', () => {
  test.each([
    [
      'the values of a grid differ',
      '{seed}',
      ofManifest({ items: [{ image: 'images/a.png' }], grid: { seed: [1, 2] } }),
    ],
    ['the ids of jobs differ', '{id}', cups({}, { parameters: { seed: 1 } })],
    ['the checkpoint alone decides a field', '{image}-{fps}', cups({})],
    ['two items order the same clip', '{image}', cups({ id: 'a' }, { id: 'b' })],
    [
      'the sizes follow from two images',
      '{width}x{height}',
      [...expectedOfImage('images/a.png', { given: {} }), ...expectedOfImage('images/b.png', { given: {} })],
    ],
    [
      'the given sizes differ',
      '{width}',
      [
        ...expectedOfImage('images/a.png', { given: { size: '64x64' } }),
        ...expectedOfImage('images/b.png', { given: { size: '128x64' } }),
      ],
    ],
    [
      'several videos have their numbers',
      '{image}-{video}',
      cups({ parameters: { num_videos_per_prompt: 2 } }),
    ],
    [
      'the seeds of an image differ',
      '{image}-{seed}',
      expectedOfImage('images/a.png', { given: {}, seeds: [1n, 2n] }),
    ],
    [
      'an item gives a value that another item has by default, so that both are one job',
      '{image}',
      cups({}, { parameters: { crf: 18, seed: 0, format: ['mp4'], loop: false, metadata: true } }),
    ],
    [
      'a size is given in two ways, so that both items are one job',
      '{image}',
      cups({ parameters: { size: '64x128' } }, { parameters: { width: 64, height: 128 } }),
    ],
    [
      'the given CRF differs from the default CRF of the codec',
      '{crf}',
      cups({ parameters: { format: 'webm' } }, { parameters: { format: 'webm', crf: 18, seed: 1 } }),
    ],
    ['the groups of items differ', '{group}', cups({ group: 'a' }, { group: 'b', parameters: { seed: 1 } })],
    [
      'the job ids differ, and the image names differ only in case',
      '{id}',
      [...expectedOfImage('p/IMG.png', { given: {} }), ...expectedOfImage('p/img.png', { given: {} })],
    ],
  ])('%s', (_, template, clips) => {
    expect(check(template, clips)).toBeNull()
  })
})

describe('the expected names of clips are refused when', () => {
  test.each([
    [
      'two clips have the same name',
      '{image}',
      cups({}, { parameters: { seed: 1 } }),
      "gives item 1 of manifests/m.json and item 2 of manifests/m.json the same name 'cup'",
    ],
    [
      'the names of two clips differ only in case',
      '{image}',
      [...expectedOfImage('p/IMG.png', { given: {} }), ...expectedOfImage('p/img.png', { given: {} })],
      "gives p/IMG.png the name 'IMG' and p/img.png the name 'img', which are one file where case or Unicode form does " +
        'not count, as on macOS; add a field in which they differ, such as {id}',
    ],
    [
      'both clips have the default seed',
      '{seed}',
      cups({ parameters: { fps: 5 } }, { parameters: { seed: 0, fps: 6 } }),
      "the same name '0'",
    ],
    [
      'two jobs differ only in the bound of their sizes',
      '{image}',
      cups({ parameters: { max_pixels: 8192 } }, { parameters: { max_pixels: 16384 } }),
      "the same name 'cup'",
    ],
    [
      'both clips have the default CRF',
      '{crf}',
      cups({}, { parameters: { crf: 18, seed: 1 } }),
      "the same name 'usual'",
    ],
    [
      'both clips have the sigmas that follow from their steps',
      '{sigmas}',
      cups({ parameters: { num_inference_steps: 5 } }, { parameters: { num_inference_steps: 6 } }),
      "the same name 'Karras'",
    ],
    [
      'the checkpoint decides the field for both clips',
      '{fps}',
      cups({}, { parameters: { seed: 1 } }),
      "the same name '{fps}'; add a field in which they differ",
    ],
    [
      'a grid gives the clips of one item the same name',
      '{image}',
      ofManifest({ items: [{ image: 'images/a.png' }], grid: { seed: [1, 2] } }),
      "gives two clips of item 1 of manifests/m.json the same name 'a'",
    ],
    [
      'several videos have the same name',
      '{image}',
      cups({ parameters: { num_videos_per_prompt: 2 } }),
      'gives videos 0 and 1 of item 1 of manifests/m.json',
    ],
    [
      'an item has no id',
      '{item_id}',
      cups({ id: 'a' }, { parameters: { seed: 1 } }),
      'item 2 of manifests/m.json has no id; give it one',
    ],
    [
      'an id has a slash',
      '{item_id}',
      cups({ id: 'a/b' }),
      "the name 'a/b', which has a '/', which separates folders",
    ],
    [
      'an id is too long',
      '{item_id}{item_id}',
      cups({ id: 'x'.repeat(128) }),
      'has 256 bytes; at most 244 fit',
    ],
    [
      'an id is a reserved name of Windows',
      '{item_id}',
      cups({ id: 'con' }),
      'is CON, which Windows keeps for a device',
    ],
  ])('%s', (_, template, clips, fault) => {
    expect(check(template, clips)).toContain(fault)
  })
})
