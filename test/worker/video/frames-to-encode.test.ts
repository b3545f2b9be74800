import { expect, test } from 'vitest'
import { assertAsAsked } from '../../../worker/video/frames-to-encode.ts'

const ASKED = { width: 64, height: 48, fps: 7, frames: [] }
const FILE = { width: 64, height: 48, fps: 7, frameCount: 14 }

test.each([
  [{ width: 66 }, 'the written file has the width 66, not 64'],
  [{ height: 46 }, 'the written file has the height 46, not 48'],
  [{ fps: 8 }, 'the written file has the fps 8, not 7'],
  [{ fps: undefined }, 'the written file has the fps undefined, not 7'],
  [{ frameCount: 13 }, 'the written file has the frameCount 13, not 14'],
])('assertAsAsked refuses a file with %j', (changes, message) => {
  expect(() => assertAsAsked({ ...FILE, ...changes }, ASKED, 14)).toThrow(message)
})

test('assertAsAsked accepts a file that matches the request, also if its format has no rate', () => {
  expect(() => assertAsAsked(FILE, ASKED, 14)).not.toThrow()
  expect(() => assertAsAsked({ ...FILE, fps: null }, ASKED, 14)).not.toThrow()
})
