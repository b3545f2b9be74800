import { expect, test } from 'vitest'
import { clipMedia, endingOf } from '../../../../worker/client/contact-sheet/clip-media.ts'

test.each([
  ['jobs/a/video.mp4', { element: 'video', type: 'video/mp4' }],
  ['jobs/a/video.WebM', { element: 'video', type: 'video/webm' }],
  ['jobs/a/video.gif', { element: 'image', type: 'image/gif' }],
  ['jobs/a/video.mov', null],
  ['jobs/a/frames.zip', null],
  ['jobs/mp4', null],
])('clipMedia(%j) returns %j', (name, media) => {
  expect(clipMedia(name)).toEqual(media)
})

test('endingOf returns the ending in lower case and without the dot', () => {
  expect([endingOf('a/b.tar.GZ'), endingOf('a.b/c')]).toEqual(['gz', ''])
})
