import { expect, test } from 'vitest'
import { demoDurationText } from '../../../../worker/cli/local/demo-duration.ts'

test('the demo prints its measured processor time and the number of cores of this machine', () => {
  expect(demoDurationText(8)).toBe(
    'Its five clips take 141 s of processor time, as measured on two cores of an AMD EPYC: 1:11 or more where two ' +
      'cores are idle. This machine has 8.',
  )
})
