import { expect, test } from 'vitest'
import { openClipHistory } from '../../../../worker/jobs/quality/clip-history.ts'

test('hasPassedSinceFailing counts only clips that passed after the first failure of the job', () => {
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
