import { expect, test } from 'vitest'
import {
  differsFromUsual,
  parameterText,
  usualOf,
  varyingParameters,
} from '../../../../worker/client/tracking/parameter-differences.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'

const { parameters: usual } = aJobMessage()

test('file parameters that a job omits are shown with their defaults', () => {
  const texts = (['format', 'crf', 'loop'] as const).map((name) => parameterText(name, usual))
  expect(texts).toEqual(['mp4', 'usual', 'no'])
})

test('file parameters are shown as they were requested', () => {
  const asked = { ...usual, format: ['webm', 'gif'] as const, crf: 30, loop: true }
  const texts = (['format', 'crf', 'loop'] as const).map((name) =>
    parameterText(name, { ...asked, format: [...asked.format] }),
  )
  expect(texts).toEqual(['webm, gif', '30', 'yes'])
})

test('a job with another format differs from jobs that omit the format', () => {
  const gif = { ...usual, format: ['gif' as const] }
  expect(varyingParameters([usual, gif])).toEqual(['format'])
  expect(varyingParameters([usual, { ...usual, format: ['mp4' as const] }])).toEqual([])
  const most = usualOf([usual, usual, gif])
  expect(most).toMatchObject({ format: ['mp4'], crf: null, loop: false })
  expect(differsFromUsual('format', gif, most)).toBe(true)
  expect(differsFromUsual('format', usual, most)).toBe(false)
  expect(differsFromUsual('format', gif, {})).toBe(false)
})

const withSeeds = (seeds: readonly number[]) => seeds.map((seed) => ({ ...usual, seed }))

test('the usual value is the value of more than half of the jobs', () => {
  expect(usualOf(withSeeds([1, 7, 2, 7]))).not.toHaveProperty('seed')
  expect(usualOf(withSeeds([1, 7, 2, 7, 7]))).toHaveProperty('seed', 7)
})

test('usual values are found for 100,000 jobs', () => {
  const most = usualOf(withSeeds(Array.from({ length: 100_000 }, (_, seed) => seed)))
  expect(most).toEqual({ ...usualOf([usual]), seed: undefined })
})
