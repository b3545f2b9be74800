import { expect, test } from 'vitest'
import { bestFirst } from '../../../../worker/cli/local/best-first.ts'
import { aSheetJob } from '../../client/contact-sheet/a-sheet-job.ts'

const aClip = (photo: string, motionBucketId: number) =>
  aSheetJob({ sourceKey: `images/demo/${photo}`, parameters: { motion_bucket_id: motionBucketId } }).status

test('the contact sheet of the demo begins with the cat image and the least motion', () => {
  const finished = [
    ['rocket.png', 255],
    ['coffee.png', 127],
    ['chelsea.png', 255],
    ['rocket.png', 60],
    ['chelsea.png', 60],
    ['other.png', 1],
  ] as const
  const sorted = bestFirst(finished.map(([photo, motion]) => aClip(photo, motion)))
  expect(sorted.map(({ image, parameters }) => [image.source_key, parameters.motion_bucket_id])).toEqual([
    ['images/demo/chelsea.png', 60],
    ['images/demo/chelsea.png', 255],
    ['images/demo/coffee.png', 127],
    ['images/demo/rocket.png', 60],
    ['images/demo/rocket.png', 255],
    ['images/demo/other.png', 1],
  ])
})
