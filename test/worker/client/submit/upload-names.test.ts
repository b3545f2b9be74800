import { expect, test } from 'vitest'
import { openNames } from '../../../../worker/client/submit/upload-names.ts'

test('a second file with the same name gets its own folder, also when case or Unicode form differs', () => {
  const nameOf = openNames()
  const files = ['a/cup.png', 'b/cup.png', 'c/cup.PNG', 'd/cafe\u0301.png', 'e/caf\u00e9.png', 'cat.png']
  expect(files.map(nameOf)).toEqual([
    ...['cup.png', '2/cup.png', '3/cup.PNG', 'caf\u00e9.png', '2/caf\u00e9.png', 'cat.png'],
  ])
})

test.each([
  ['a\\b.png', 'a_b.png'],
  ['a\u0007b.png', 'a_b.png'],
  ['a%2Fb%2e.png', 'a_b_.png'],
  ['..', '_..'],
])('characters that keys may not have become underscores: %j', (file, name) => {
  expect(openNames()(file)).toBe(name)
})

test('a long name is cut to 200 bytes between characters and keeps its ending', () => {
  const name = openNames()(`${'é'.repeat(150)}.jpeg`)
  expect(name).toBe(`${'é'.repeat(97)}.jpeg`)
  expect(Buffer.byteLength(name)).toBe(199)
})
