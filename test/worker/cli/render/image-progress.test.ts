import { expect, test } from 'vitest'
import { followLatestImage } from '../../../../worker/cli/render/image-progress.ts'

const progress = (step: number) => ({ phase: 'denoise', step, steps: 2 }) as const

const aDisplay = () => {
  const calls: string[] = []
  const images = followLatestImage(
    {
      begin: (title) => calls.push(title),
      update: ({ step }) => calls.push(`step ${step}`),
      aside(write) {
        calls.push('aside')
        write()
        calls.push('back')
      },
      end: () => calls.push('end'),
    },
    ['1/2 a', '2/2 b'],
  )
  return { images, calls }
}

test('an image is shown until a later one has come as far', () => {
  const { images, calls } = aDisplay()
  images.update(0, progress(1))
  images.update(1, progress(0))
  images.update(0, progress(2))
  images.update(1, progress(1))
  expect(calls).toEqual(['1/2 a', 'step 1', '2/2 b', 'step 0', 'step 1'])
})

test('the end of an earlier image is told aside, and that of the one shown ends the display', () => {
  const { images, calls } = aDisplay()
  images.update(1, progress(0))
  images.print(0, () => calls.push('a is done'))
  expect(calls.splice(0)).toEqual(['2/2 b', 'step 0', 'aside', 'a is done', 'back'])
  images.print(1, () => calls.push('b is done'))
  expect(calls).toEqual(['end', 'aside', 'b is done', 'back'])
})
