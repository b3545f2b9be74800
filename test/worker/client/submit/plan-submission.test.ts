import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { planSubmission, type SubmissionRequest } from '../../../../worker/client/submit/plan-submission.ts'
import { aPng } from '../../../fixtures/images.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

let folder: string
const at = (name: string): string => path.join(folder, name)

beforeEach(async () => {
  folder = await temporaryDir()
  for (const name of ['cup.png', 'cat.png']) await writeFile(at(name), await aPng())
  await writeFile(at('m.json'), JSON.stringify({ items: [{ image: 'images/cup.png' }] }))
  await writeFile(at('n.jsonl'), '{"image": "images/cup.png"}\n{"image": "images/cat.png"}\n')
})

const plan = (request: Partial<SubmissionRequest>) =>
  planSubmission(
    { files: [], given: {}, prefix: 'p', imagesDir: null, ...request },
    { scratchDir: folder, onScaled() {} },
  )

test('images and manifests become requests under the prefix, in their order, and images have the arguments', async () => {
  const { images, requests } = await plan({
    files: [at('cup.png'), at('m.json')],
    given: { fps: 9 },
    context: { order: 7 },
  })
  expect(images).toEqual([])
  expect(requests.map(({ before, upload: { key, metadata } }) => ({ before, key, metadata }))).toEqual([
    { before: [], key: 'images/p/cup.png', metadata: { 'svd-fps': '9', 'svd-context': '{"order":7}' } },
    { before: [], key: 'manifests/p/m.json', metadata: {} },
  ])
})

test('a sidecar is uploaded before its image', async () => {
  const [request] = (await plan({ files: [at('cup.png')], context: { note: 'x'.repeat(2_000) } })).requests
  expect(request?.before.map(({ key }) => key)).toEqual(['images/p/cup.png.json'])
  expect(request?.upload).toMatchObject({ key: 'images/p/cup.png', metadata: {} })
})

test('two files with the same name get two keys', async () => {
  const { requests } = await plan({ files: [at('cup.png'), at('./cup.png')] })
  expect(requests.map(({ upload }) => upload.key)).toEqual(['images/p/cup.png', 'images/p/2/cup.png'])
})

test('an image that several manifests name is uploaded once', async () => {
  const { images } = await plan({ files: [at('m.json'), at('n.jsonl')], imagesDir: folder })
  expect(images.map(({ key }) => key)).toEqual(['images/cup.png', 'images/cat.png'])
})

describe('planSubmission refuses', () => {
  test.each<[string, Partial<SubmissionRequest>, string]>([
    ['a prefix that ends with /', { prefix: 'p/' }, "--prefix: got 'p/', which ends with /"],
    ['a prefix that no key may have', { prefix: '../p' }, "--prefix: got '../p', which "],
    [
      'a folder of images without a manifest',
      { imagesDir: '.' },
      '--images: is for the images that manifests name; there is no manifest',
    ],
  ])('%s', async (_, request, message) => {
    await expect(plan({ files: [at('cup.png')], ...request })).rejects.toThrow(message)
  })

  test.each<[string, Partial<SubmissionRequest>, string]>([
    [
      'context',
      { context: { order: 7 } },
      'is a manifest, and carries its context itself; write it as its "context"',
    ],
    [
      'arguments',
      { given: { fps: 9 } },
      'is a manifest, and says itself how its clips are rendered; write parameters as its "defaults"',
    ],
  ])('%s when all files are manifests, but not when one is an image', async (_, request, message) => {
    await expect(plan({ files: [at('m.json')], ...request })).rejects.toThrow(`${at('m.json')}: ${message}`)
    expect((await plan({ files: [at('m.json'), at('cup.png')], ...request })).requests).toHaveLength(2)
  })
})
