import { expect, test } from 'vitest'
import { groupSweeps, sweepLabel } from '../../../../worker/client/contact-sheet/sweeps.ts'
import { aSheetJob } from './a-sheet-job.ts'

const job = (image: string, parameters: Parameters<typeof aSheetJob>[0] = {}) =>
  aSheetJob({ sourceKey: `images/${image}.png`, ...parameters })

const shown = (groups: ReturnType<typeof groupSweeps>) =>
  groups.map(({ jobs, swept }) =>
    jobs.map(({ status: record }) =>
      `${record.image.source_key} ${sweepLabel(swept, record.parameters)}`.trim(),
    ),
  )

test('jobs of one image form one group, which is sorted by the swept value', () => {
  const groups = groupSweeps([
    job('cup', { parameters: { motion_bucket_id: 220 } }),
    job('cat'),
    job('cup', { parameters: { motion_bucket_id: 40 } }),
    job('cup', { parameters: { motion_bucket_id: 127 } }),
  ])
  expect(shown(groups)).toEqual([
    [
      'images/cup.png motion_bucket_id 40',
      'images/cup.png motion_bucket_id 127',
      'images/cup.png motion_bucket_id 220',
    ],
    ['images/cat.png'],
  ])
})

test('jobs with two swept parameters are sorted by the first parameter before the second', () => {
  const both = (motion_bucket_id: number, seed: number) =>
    job('cup', { parameters: { motion_bucket_id, seed } })
  expect(shown(groupSweeps([both(2, 1), both(1, 2), both(2, 0), both(1, 0)]))).toEqual([
    [
      'images/cup.png motion_bucket_id 1, seed 0',
      'images/cup.png motion_bucket_id 1, seed 2',
      'images/cup.png motion_bucket_id 2, seed 0',
      'images/cup.png motion_bucket_id 2, seed 1',
    ],
  ])
})

test('jobs with values that are not numbers keep their order', () => {
  const fitted = (value: 'fill' | 'crop' | 'pad') => job('cup', { parameters: { fit: value } })
  expect(
    groupSweeps([fitted('pad'), fitted('fill')])[0]?.jobs.map(({ status: record }) => record.parameters.fit),
  ).toEqual(['pad', 'fill'])
})
