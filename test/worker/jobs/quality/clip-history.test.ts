import { expect, test } from 'vitest'
import { openClipHistory } from '../../../../worker/jobs/quality/clip-history.ts'

test('a clip has passed since a job failed only if it passed after the first failure', () => {
  const clips = openClipHistory()
  expect(clips.hasPassedSinceFailing('a')).toBe(false)
  clips.notePassed()
  clips.noteFailed('a')
  expect(clips.hasPassedSinceFailing('a')).toBe(false)
  clips.notePassed()
  expect(clips.hasPassedSinceFailing('a')).toBe(true)
  clips.noteFailed('a')
  expect(clips.hasPassedSinceFailing('a')).toBe(true)
  expect(clips.hasPassedSinceFailing('b')).toBe(false)
})
