import { describe, expect, test } from 'vitest'
import type { ParametersDocument } from '../../../../shared/contracts/parameters-document.ts'
import { openClipNames } from '../../../../worker/client/download/clip-names.ts'
import { type ClipRequest, requestOfJob } from '../../../../worker/client/download/clip-request.ts'
import { parseNameTemplate } from '../../../../worker/client/download/name-template.ts'
import { statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult } from '../../../fixtures/job-records.ts'

interface SomeJob {
  readonly id: string
  readonly image?: string
  readonly parameters?: Partial<ParametersDocument>
  /** Whether it has no result yet. */
  readonly waits?: true
}

const statusOf = ({ id, image = 'images/cup.png', parameters = {}, waits }: SomeJob) => {
  const result = aResult({ jobId: jobIdLike(id), sourceKey: image, parameters, outputs: [] })
  const status = statusOfResultRecord(result)
  return waits ? { ...status, result: null, state: 'queued' as const } : status
}

/** Names of jobs by a template, or by default if it is `null`, with the faults of these names. */
const named = (
  jobs: readonly SomeJob[],
  template: string | null = null,
  requests?: readonly ClipRequest[],
) => {
  const statuses = jobs.map(statusOf)
  const names = openClipNames(
    requests ?? statuses.map(requestOfJob),
    template === null ? null : parseNameTemplate('--name', template),
  )
  const faults = names.add(statuses).map(({ message }) => message)
  return { names, faults, stems: statuses.flatMap(({ jobId }) => names.of(jobId).map(({ stem }) => stem)) }
}

const anItem = (
  id: string,
  item: number,
  itemId: string | null,
  imageKey = 'images/cup.png',
): ClipRequest => ({
  ...{ jobId: jobIdLike(id), uploadKey: 'manifests/m.json', imageKey, item, itemId },
})

describe('the default name of a clip', () => {
  test('has the name of its image and the first digits of its job id', () => {
    expect(named([{ id: 'aa' }]).stems).toEqual(['cup-aa000000'])
  })

  test('has the parameters that differ between clips of one image, but not those between images', () => {
    const { stems } = named([
      { id: 'aa', parameters: { motion_bucket_id: 60 } },
      { id: 'bb', parameters: { motion_bucket_id: 127, seed: 7 } },
      { id: 'cc', image: 'images/b/cat.png', parameters: { width: 128, motion_bucket_id: 60 } },
    ])
    expect(stems).toEqual([
      'cup-motion_bucket_id-60-seed-0-aa000000',
      'cup-motion_bucket_id-127-seed-7-bb000000',
      'cat-motion_bucket_id-60-seed-0-cc000000',
    ])
  })

  test('has the id of its item in the selected upload', () => {
    const requests = [anItem('aa', 1, 'mug/red'), anItem('bb', 2, null, 'images/renamed.png')]
    expect(named([{ id: 'aa' }, { id: 'bb' }], null, requests).stems).toEqual([
      'mug_red-aa000000',
      'renamed-bb000000',
    ])
  })

  test('has a number for each of several videos', () => {
    expect(named([{ id: 'aa', parameters: { num_videos_per_prompt: 2 } }]).stems).toEqual([
      'cup-aa000000-0',
      'cup-aa000000-1',
    ])
  })

  test('has the whole job id when two ids begin with the same digits', () => {
    const { stems, faults } = named([{ id: 'aa0000001' }, { id: 'aa0000002' }])
    expect(stems).toEqual(['cup-aa000000', `cup-${jobIdLike('aa0000002')}`])
    expect(faults).toEqual([])
  })

  test('fits into 255 bytes although the name of its image is long', () => {
    const image = `images/${'杯'.repeat(100)}.png`
    const [stem = ''] = named([{ id: 'aa', image }]).stems
    expect(stem).toBe(`${'杯'.repeat(33)}-aa000000`)
  })

  test('has the job id when the names of two images differ only in case', () => {
    const { stems, faults } = named([
      { id: 'aa', image: 'images/IMG.png' },
      { id: 'bb', image: 'images/img.png' },
    ])
    expect({ stems, faults }).toEqual({ stems: ['IMG-aa000000', 'img-bb000000'], faults: [] })
  })

  test('has the whole job id when such ids begin with the same digits', () => {
    const jobs = [
      { id: 'aa0000001', image: 'images/IMG.png' },
      { id: 'aa0000002', image: 'images/img.png' },
    ]
    expect(named(jobs).stems).toEqual(['IMG-aa000000', `img-${jobIdLike('aa0000002')}`])
  })

  test('is given once when two images whose names differ only in case have one clip', () => {
    const requests = [anItem('aa', 1, null, 'images/IMG.png'), anItem('aa', 2, null, 'images/img.png')]
    expect(named([{ id: 'aa' }], null, requests).stems).toEqual(['IMG-aa000000'])
  })

  test('is valid on Windows', () => {
    expect(named([{ id: 'aa', image: 'images/con.x.png' }]).stems).toEqual(['_con.x-aa000000'])
  })
})

describe('a name template', () => {
  test('accepts parameters and the fields of the request', () => {
    const requests = [anItem('aa', 3, 'mug')]
    const template =
      '{item_id}-{item}-{upload}-{image}-{motion_bucket_id}-{seed}-{fit}-{id}-{video}-{group}-{model}'
    expect(named([{ id: 'aa' }], template, requests).stems).toEqual([
      'mug-3-m-cup-127-0-fill-aa000000-0-default-svd-demo',
    ])
  })

  test('with the group or the model gives a name only after the job has ended', () => {
    const { names, stems, faults } = named([{ id: 'aa', waits: true }], '{image}-{model}')
    expect({ stems, faults }).toEqual({ stems: [], faults: [] })
    const ended = statusOf({ id: 'aa' })
    expect(names.add([ended])).toEqual([])
    expect(names.of(ended.jobId)).toMatchObject([{ stem: 'cup-svd-demo' }])
  })

  test('gives a clip that two items order the name of each item', () => {
    const requests = [anItem('aa', 1, 'mug'), anItem('aa', 2, 'tumbler'), anItem('aa', 3, 'mug')]
    const { stems, faults } = named([{ id: 'aa' }], '{item_id}', requests)
    expect({ stems, faults }).toEqual({ stems: ['mug', 'tumbler'], faults: [] })
  })

  test.each([
    [
      'two clips with the same name',
      '{image}',
      "gives images/cup.png the name 'cup' and images/b/CUP.png the name 'CUP', which are one file where case or " +
        'Unicode form does not count, as on macOS; add a field in which they differ, such as {id}',
    ],
    [
      'a value with a slash',
      '{item_id}',
      "gives item 1 of manifests/m.json the name 'mug/red', which has a '/'",
    ],
  ])('is refused for %s', (_, template, fault) => {
    const jobs = [{ id: 'aa' }, { id: 'bb', image: 'images/b/CUP.png' }]
    const requests =
      template === '{item_id}' ? [anItem('aa', 1, 'mug/red'), anItem('bb', 2, 'mug')] : undefined
    expect(named(jobs, template, requests).faults[0]).toContain(fault)
  })

  test('is refused for several videos when it has no video number', () => {
    const { faults } = named([{ id: 'aa', parameters: { num_videos_per_prompt: 2 } }], '{image}')
    expect(faults).toEqual(["gives videos 0 and 1 of images/cup.png the same name 'cup'; add {video}"])
  })

  test('with an item id is refused for an item without an id', () => {
    const requests = [anItem('aa', 2, null)]
    expect(named([{ id: 'aa' }], '{item_id}', requests).faults).toEqual([
      '{item_id}: item 2 of manifests/m.json has no id; give it one, or take {item} or {image}',
    ])
  })

  test('with an item number is refused for an image without a manifest', () => {
    expect(named([{ id: 'aa' }], '{item}').faults).toEqual([
      '{item}: images/cup.png was uploaded without a manifest; take {image} or {id}',
    ])
  })
})
