import { expect, test } from 'vitest'
import { silentSecondsOf } from '../../../../worker/cli/worker/ecs-task.ts'

test('a worker may be silent ten minutes longer than its renderer in the first run of a network', () => {
  expect(silentSecondsOf(1800)).toBe(1800 + 600 + 600)
})
