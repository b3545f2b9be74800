import { expect, test } from 'vitest'
import { partialName, partialOwner, processesSeen } from '../../../shared/files/partial-name.ts'

test('a name says which process writes the file', () => {
  expect(partialOwner(partialName())).toEqual({
    ...{ kind: 'other', processes: processesSeen(), processId: process.pid },
  })
  expect(partialOwner(partialName('download', 7))).toEqual({
    ...{ kind: 'download', processes: processesSeen(), processId: 7 },
  })
})

test('no two files share a name, and the names are hidden', () => {
  const names = Array.from({ length: 100 }, () => partialName())
  expect(new Set(names).size).toBe(100)
  expect(names.filter((name) => !/^\.svd-[\da-f-]+\.partial$/.test(name))).toEqual([])
})

test.each([
  'cup.mp4',
  '.svd-1.partial',
  `${partialName()}.mp4`,
  `x${partialName()}`,
  '.svd-cache',
  '.cup.partial',
])('%j is not such a name', (name) => {
  expect(partialOwner(name)).toBeNull()
})
