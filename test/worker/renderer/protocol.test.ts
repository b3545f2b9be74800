import { expect, test } from 'vitest'
import { toChildSchema, toParentSchema } from '../../../worker/renderer/protocol.ts'

test.each([
  { type: 'render', id: 0, job: { any: 'thing' } },
  { type: 'cancel', id: 3 },
  { type: 'shutdown' },
])('the child accepts the message %o', (message) => {
  expect(toChildSchema.parse(message)).toEqual(message)
})

test.each([
  { type: 'ready' },
  { type: 'progress', id: 1, progress: { phase: 'encode-video', step: 1, steps: 25 } },
  { type: 'progress', id: 1, progress: { phase: 'denoise', step: 0, steps: 25, firstRun: true } },
  { type: 'result', id: 1, result: { any: 'thing' } },
  { type: 'failed', id: 1, error: { kind: 'invalid-input', field: '--fps', message: '--fps: no' } },
  { type: 'failed', id: 1, error: { kind: 'cancelled', message: 'stopped' } },
  { type: 'failed', id: 1, error: { kind: 'failure', message: 'no', stack: 'Error: no' } },
])('the parent accepts the message %o', (message) => {
  expect(toParentSchema.parse(message)).toEqual(message)
})

test.each([
  undefined,
  'ready',
  { type: 'poem' },
  { type: 'ready', extra: 1 },
  { type: 'progress', id: 1, progress: { phase: 'paint', step: 1, steps: 2 } },
  { type: 'progress', id: 1, progress: { phase: 'denoise', step: 0, steps: 25, firstRun: false } },
  { type: 'failed', id: 1, error: { kind: 'failure', message: 'no stack' } },
  { type: 'result', id: -1, result: {} },
])('the parent refuses the message %o', (message) => {
  expect(toParentSchema.safeParse(message).success).toBe(false)
})
