import { expect, test } from 'vitest'
import {
  camelFields,
  camelName,
  DEFAULT_NAMES,
  DEFAULTS_FIELDS,
  defaultsOf,
} from '../../../shared/contracts/parameter-fields.ts'

test.each([
  ['fps', 'fps'],
  ['num_frames', 'numFrames'],
  ['num_videos_per_prompt', 'numVideosPerPrompt'],
])('the parameter %s has the name %s in TypeScript', (name, camel) => {
  expect(camelName(name)).toBe(camel)
})

test('every parameter that a checkpoint may set gets a default, in the order of documents', () => {
  const values = defaultsOf((name) => DEFAULT_NAMES.indexOf(name))
  expect(Object.entries(values)).toEqual(DEFAULT_NAMES.map((name, index) => [camelName(name), index]))
})

test('the schema of a parameter keeps its rule under its name in TypeScript', () => {
  const { noiseAugStrength } = camelFields(DEFAULTS_FIELDS)
  expect([-1, 0].map((value) => noiseAugStrength.safeParse(value).success)).toEqual([false, true])
})
