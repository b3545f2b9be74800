import { expect, test } from 'vitest'
import { followLatestImage } from '../../../../worker/cli/render/image-progress.ts'

const progress = (step: number) => ({ phase: 'denoise', step, steps: 2 }) as const

const aDisplay = (titles: readonly string[] = ['1/2 a', '2/2 b']) => {
  const calls: string[] = []
  let seconds = 0
  let title = (): string => ''
  const images = followLatestImage(
    {
      begin(newTitle) {
        title = newTitle
        calls.push(title())
      },
      update: ({ step }) => calls.push(`step ${step}`),
      aside(write) {
        calls.push('aside')
        write()
        calls.push('back')
      },
      end: () => calls.push('end'),
    },
    titles,
    { now: () => seconds * 1000, minuteLines: (text) => lines.push(text()) },
  )
  const lines: string[] = []
  return {
    images,
    calls,
    lines,
    title: () => title(),
    pass: (more: number) => {
      seconds += more
    },
  }
}

test('the display shows an image until a later one has reached the same step', () => {
  const { images, calls } = aDisplay()
  images.update(0, progress(1))
  images.update(1, progress(0))
  images.update(0, progress(2))
  images.update(1, progress(1))
  expect(calls).toEqual([
    ...['0 of 2 clips made; 1/2 a', 'step 1', '0 of 2 clips made; 2/2 b', 'step 0', 'step 1'],
  ])
})

test('the display stays when an earlier image ends, and closes when its own image ends', () => {
  const { images, calls } = aDisplay()
  images.update(1, progress(0))
  images.print(0, () => calls.push('a is done'))
  expect(calls.splice(0)).toEqual(['0 of 2 clips made; 2/2 b', 'step 0', 'aside', 'a is done', 'back'])
  images.print(1, () => calls.push('b is done'))
  expect(calls).toEqual(['end', 'aside', 'b is done', 'back'])
})

test('the title counts made, failed and skipped clips, and its time left decreases', () => {
  const { images, title, pass } = aDisplay(['1/6 a', '2/6 b', '3/6 c', '4/6 d', '5/6 e', '6/6 f'])
  images.update(0, progress(0))
  pass(90)
  images.end('made')
  images.end('failed')
  images.update(2, progress(0))
  pass(30)
  images.end('made')
  images.end('skipped')
  images.update(4, progress(0))
  expect(title()).toBe('2 of 6 clips made, 1 failed, 1 skipped, about 1:00 left; 5/6 e')
  pass(10)
  expect(title()).toBe('2 of 6 clips made, 1 failed, 1 skipped, about 0:50 left; 5/6 e')
})

test('a line of a log names the batch, the image and its phase', () => {
  const { images, lines } = aDisplay()
  images.update(0, progress(1))
  expect(lines).toEqual(['0 of 2 clips made; 1/2 a: denoising 1/2'])
})

test('a single image has no count of clips', () => {
  const { images, calls, lines } = aDisplay(['a'])
  images.update(0, progress(1))
  expect(calls).toEqual(['a', 'step 1'])
  expect(lines).toEqual(['a: denoising 1/2'])
})
