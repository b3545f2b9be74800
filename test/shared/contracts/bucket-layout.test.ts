import { describe, expect, test } from 'vitest'
import * as layout from '../../../shared/contracts/bucket-layout.ts'
import { isSidecarOf } from '../../../shared/contracts/input-names.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'

const ID = '0123456789abcdef0123456789abcdef'

test('the keys of the buckets do not change', () => {
  expect([
    ...[layout.IMAGES_PREFIX, layout.MANIFESTS_PREFIX, layout.JOBS_PREFIX, layout.STATUS_PREFIX],
    ...[layout.REPORTS_PREFIX, layout.sidecarKey('images/a/x.png'), layout.normalizedImageKey('abc')],
    layout.knownImageKey('abc'),
    ...[layout.jobFolder(ID), layout.resultKey(ID), layout.failureKey(ID, 2), layout.statusKey(ID)],
    ...[layout.cancelKey(ID), layout.orderKey(ID, 'images/a/x.png'), layout.reportKey('images/a/x.png')],
    ...[layout.modelFolder('svd-xt'), layout.modelRecordKey('svd-xt')],
    layout.DISPATCH_STATE_KEY,
  ]).toEqual([
    ...['images/', 'manifests/', 'jobs/', 'status/'],
    ...['reports/', 'images/a/x.png.json', 'inputs/abc.png'],
    'inputs/known/abc.json',
    ...[`jobs/${ID}/`, `jobs/${ID}/result.json`, `jobs/${ID}/failures/0002.json`, `status/${ID}.json`],
    `cancel/${ID}.json`,
    `orders/${ID}/b1eced7d514ec8e3bc1f7d7a684dd3d21704e8d96155b381a2726e42fcd61c03.json`,
    'reports/images/a/x.png.json',
    ...['models/svd-xt/', 'models/svd-xt/model.json'],
    'dispatch/state.json',
  ])
})

test('the keys of outputs have the names of `svd render` in a folder of their attempt', () => {
  const folder = `jobs/${ID}/attempts/0002-abc`
  expect(layout.outputKeys(ID, '0002-abc', 1)).toEqual([
    { video: `${folder}/video.mp4`, poster: `${folder}/video.poster.png` },
  ])
  expect(layout.outputKeys(ID, '0002-abc', 2)).toEqual([
    { video: `${folder}/video-0.mp4`, poster: `${folder}/video-0.poster.png` },
    { video: `${folder}/video-1.mp4`, poster: `${folder}/video-1.poster.png` },
  ])
})

test('the keys of rejected clips are not below the folder of outputs', () => {
  const folder = `jobs/${ID}/rejected/0002-abc`
  expect(layout.rejectedKeys(ID, '0002-abc', 1)).toEqual([
    { video: `${folder}/video.mp4`, poster: `${folder}/video.poster.png` },
  ])
  for (const { video } of notEmpty(layout.rejectedKeys(ID, '0002-abc', 2))) {
    expect(video.startsWith(layout.rejectedFolder(ID))).toBe(true)
    expect(layout.jobIdOfResult(video)).toBeNull()
  }
  expect(layout.REJECTED_TAG).toEqual({ name: 'svd-batch', value: 'rejected' })
})

test('jobIdOfResult returns the job id of a result key, and null for other keys', () => {
  expect(layout.jobIdOfResult(layout.resultKey(ID))).toBe(ID)
  for (const key of [layout.statusKey(ID), `${layout.resultKey(ID)}.json`, `x/${layout.resultKey(ID)}`]) {
    expect(layout.jobIdOfResult(key)).toBeNull()
  }
})

describe('the sidecar key of an image', () => {
  test('belongs to that image alone, in any case of its extension', () => {
    const key = layout.sidecarKey('images/p/cup.png')
    expect(key).toBe('images/p/cup.png.json')
    const images = ['images/p/cup.png', 'images/p/cup.PNG', 'images/p/cup.jpg', 'images/p/cup']
    expect(images.filter((image) => isSidecarOf(key, image))).toEqual(images.slice(0, 2))
  })
})

describe('the report key of an upload', () => {
  test.each(['images/käse am morgen.png', `images/${'x'.repeat(1_000)}.png`])(
    "is the upload's key below reports/: %s",
    (key) => {
      expect(layout.reportKey(key)).toBe(`reports/${key}.json`)
    },
  )

  test.each([`images/${'x'.repeat(1_004)}.png`, 'images//a.png', 'images/../a.png', 'images/\u0007.png'])(
    "has a hash when the upload's key is unusual: %j",
    (key) => {
      expect(layout.reportKey(key)).toMatch(/^reports\/unusual-keys\/[0-9a-f]{64}\.json$/)
      expect(layout.reportKey(key)).not.toBe(layout.reportKey(`${key}x`))
    },
  )

  test('is different for a key that looks like the report key of another upload', () => {
    const other = layout.reportKey('images//a.png')
    const name = other.slice('reports/'.length, -'.json'.length)
    expect(layout.reportKey(name)).toMatch(/^reports\/unusual-keys\/[0-9a-f]{64}\.json$/)
    expect(layout.reportKey(name)).not.toBe(other)
  })
})
