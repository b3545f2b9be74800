import { expect, test } from 'vitest'
import { isInTheWay, obstaclesText } from '../../../../worker/client/download/folder-faults.ts'

test('--overwrite replaces clips and their records, and nothing else', () => {
  const stays = (overwrite: boolean) =>
    (['different', 'another-clip', 'another-document', 'folder'] as const).filter((obstacle) =>
      isInTheWay(obstacle, overwrite),
    )
  expect(stays(true)).toEqual(['another-document', 'folder'])
  expect(stays(false)).toEqual(['different', 'another-clip', 'another-document', 'folder'])
})

test('a message names five files and counts further files with the same reason', () => {
  const files = Array.from({ length: 7 }, (_, index) => ({
    file: `${index}.mp4`,
    obstacle: 'folder' as const,
  }))
  const others = [{ file: 'a.json', obstacle: 'another-document' as const }]
  expect(obstaclesText([...files, ...others])).toBe(
    '0.mp4, 1.mp4, 2.mp4, 3.mp4, 4.mp4 and 2 more: each is a folder; give another folder or --name',
  )
  expect(obstaclesText(files.slice(0, 1))).toBe('0.mp4 is a folder; give another folder or --name')
  expect(obstaclesText([])).toBe('')
})
