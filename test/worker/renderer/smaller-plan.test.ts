import { expect, test } from 'vitest'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { smallerPlanAfter } from '../../../worker/renderer/smaller-plan.ts'

const full = new DeviceFaultError('out-of-memory', 'denoise_step: full')

test('smallerPlanAfter returns the next smaller plan after a full memory, and null after the smallest', () => {
  expect(smallerPlanAfter(full, 'resident')).toBe('offload')
  expect(smallerPlanAfter(full, 'offload')).toBe('low-vram')
  expect(smallerPlanAfter(full, 'low-vram')).toBeNull()
})

test('smallerPlanAfter returns null after any other error', () => {
  expect(smallerPlanAfter(new DeviceFaultError('sticky', 'denoise_step: lost'), 'resident')).toBeNull()
  expect(smallerPlanAfter(new Error('out of memory'), 'resident')).toBeNull()
})
