import { z } from 'zod'
import { CUDA_FAULTS } from '../engine/cuda-faults.ts'
import { PHASES } from '../pipeline/progress.ts'

/*
 *   parent                       child
 *     │ ◀──────────── ready ───────┤  once, when it can take jobs
 *     ├─ render {id, job} ────────▶│
 *     │ ◀──── progress {id, …} ────┤  any number
 *     ├─ cancel {id} ─────────────▶│  at any time; the child still answers
 *     │ ◀── result | failed {id} ──┤  exactly one for each render
 *     ├─ shutdown ────────────────▶│  stops its job and exits; so does a parent that is gone
 *
 * Messages go over Node's IPC channel with `advanced` serialization: typed arrays and bigints arrive as such.
 * `job` and `result` are checked by the schemas that both sides are given, once their `id` is known.
 */

/** Schemas of a job and its result, without transforms: each value is checked on both sides of the channel. */
export interface JobSchemas<Job, Result> {
  readonly job: z.ZodType<Job>
  readonly result: z.ZodType<Result>
}

const id = z.int().nonnegative()

export const toChildSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('render'), id, job: z.unknown() }),
  z.strictObject({ type: z.literal('cancel'), id }),
  z.strictObject({ type: z.literal('shutdown') }),
])

export const wireErrorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('invalid-input'), field: z.string(), message: z.string() }),
  z.strictObject({ kind: z.literal('does-not-fit'), message: z.string(), fitsLater: z.boolean() }),
  z.strictObject({ kind: z.literal('cancelled'), message: z.string() }),
  z.strictObject({
    kind: z.literal('device-fault'),
    fault: z.enum(CUDA_FAULTS),
    message: z.string(),
    stack: z.string(),
  }),
  z.strictObject({ kind: z.literal('failure'), message: z.string(), stack: z.string() }),
])

const progressSchema = z.strictObject({
  phase: z.enum(PHASES),
  step: z.number(),
  steps: z.number(),
  firstRun: z.literal(true).exactOptional(),
})

export const toParentSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('progress'), id, progress: progressSchema }),
  z.strictObject({ type: z.literal('result'), id, result: z.unknown() }),
  z.strictObject({ type: z.literal('failed'), id, error: wireErrorSchema }),
])

export type ToChild = z.infer<typeof toChildSchema>
export type ToParent = z.infer<typeof toParentSchema>
export type WireError = z.infer<typeof wireErrorSchema>
