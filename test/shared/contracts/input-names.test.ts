import { describe, expect, test } from 'vitest'
import {
  hasOtherForms,
  imagePrefixes,
  isSidecarOf,
  listingPrefixes,
  manifestKindOf,
  metadataName,
  namesMeantBy,
  shownNames,
} from '../../../shared/contracts/input-names.ts'

const NFC = 'caf\u00e9'
const NFD = 'cafe\u0301'

describe('the sidecar of an image', () => {
  test.each([
    ['images/x.json', 'images/x.png'],
    ['images/x.JSON', 'images/x.PNG'],
    ['images/x.png.json', 'images/x.PNG'],
    ['images/x.tar.json', 'images/x.tar.png'],
    [`images/${NFD}.json`, `images/${NFC}.png`],
    [`images/${NFC}.PNG.json`, `images/${NFD}.png`],
    // Ingest refuses an image without an ending, but never reads it as its own sidecar.
    ['images/x.json', 'images/x'],
  ])('may have the name %s for the image %s', (sidecar, image) => {
    expect(isSidecarOf(sidecar, image)).toBe(true)
  })

  test.each([
    ['images/X.json', 'images/x.png'],
    ['images/x.jsonl', 'images/x.png'],
    ['images/x.png', 'images/x.png'],
    ['images/x.jpg.json', 'images/x.png'],
    ['images/x.json', 'images/x.tar.png'],
    ['images/b/x.json', 'images/a/x.png'],
  ])('does not have the name %s for the image %s', (sidecar, image) => {
    expect(isSidecarOf(sidecar, image)).toBe(false)
  })
})

describe('among several equal names', () => {
  test('the one with the requested extension is meant, or all if none has it', () => {
    expect(namesMeantBy('a.png', ['a.PNG', 'a.png', 'A.png'])).toEqual(['a.png'])
    expect(namesMeantBy('a.Png', ['a.PNG', 'a.png', 'A.png'])).toEqual(['a.PNG', 'a.png'])
  })

  test('all that differ only in Unicode form are meant, and messages name their forms', () => {
    const names = [`${NFD}.png`, `${NFC}.png`, `${NFC}.PNG`]
    expect(namesMeantBy(`${NFC}.png`, names)).toEqual([`${NFD}.png`, `${NFC}.png`])
    expect(shownNames([`${NFD}.png`, `${NFC}/${NFD}.png`, 'a.png'])).toBe(
      `'${NFD}.png' (in Unicode form NFD) and '${NFC}/${NFD}.png' (in mixed Unicode forms) and 'a.png'`,
    )
  })

  test.each(['a', '\u{1f600}'])('a long one of %s is shortened, but keeps its extension', (letter) => {
    const stem = `images/${letter.repeat(200)}`
    const [jpg, png] = [shownNames([`${stem}.jpg`]), shownNames([`${stem}.png`])]
    expect(jpg).toMatch(/^'images\/.*….*\.jpg'$/u)
    expect(png).toBe(jpg.replace('.jpg', '.png'))
    expect(jpg.isWellFormed()).toBe(true)
    expect(jpg.length).toBeLessThan(85)
    expect(shownNames([`images/${'a'.repeat(69)}.png`])).toBe(`'images/${'a'.repeat(69)}.png'`)
  })

  test('no different name is meant', () => {
    expect(namesMeantBy('b.png', ['a.png'])).toEqual([])
  })
})

test('hasOtherForms is true only for a name with another Unicode form', () => {
  expect(['a.png', NFC, NFD, '\u65e5\u672c.png', '\ud800'].map(hasOtherForms)).toEqual([
    ...[false, true, true, false, false],
  ])
})

describe('the prefixes that ingest lists', () => {
  test('are one for a name with one Unicode form', () => {
    expect(listingPrefixes('images/a.b/x.y.png')).toEqual(['images/a.b/x.y.'])
  })

  test('are one for each Unicode form of folder and name', () => {
    expect(listingPrefixes(`images/${NFC}/${NFD}.png`)).toEqual([
      ...[`images/${NFC}/${NFD}.`, `images/${NFC}/${NFC}.`, `images/${NFD}/${NFD}.`, `images/${NFD}/${NFC}.`],
    ])
  })

  test('leave out a prefix longer than a key may be', () => {
    const name = '\u00e9'.repeat(500)
    expect(listingPrefixes(`images/${name}.png`)).toEqual([`images/${name}.`])
  })

  test('include both names that the images of a sidecar may have', () => {
    expect(imagePrefixes('images/x.png.json')).toEqual(['images/x.'])
    expect(imagePrefixes('images/frame.0001.json')).toEqual(['images/frame.0001.'])
  })
})

test('a manifest is recognized by its extension, in any case', () => {
  expect(['m.json', 'm.JSON', 'm.JsonL', 'm.yaml', 'json'].map(manifestKindOf)).toEqual([
    ...['json', 'json', 'jsonl', null, null],
  ])
})

test('metadata names are equal in any case and with hyphens or underscores', () => {
  expect(['svd-motion-bucket-id', 'SVD_Motion-Bucket_ID'].map(metadataName)).toEqual([
    ...['svd-motion-bucket-id', 'svd-motion-bucket-id'],
  ])
})
