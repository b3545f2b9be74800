import { expect, test } from 'vitest'
import { silentSecondsOf } from '../../../../worker/cli/worker/ecs-task.ts'

test('silentSecondsOf returns 20 minutes more than --stall-seconds', () => {
  expect(silentSecondsOf(1800)).toBe(1800 + 600 + 600)
})
