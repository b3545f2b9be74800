import { z } from 'zod'

/** One node of one run, as ONNX Runtime's profiler timed it. */
export interface NodeTime {
  readonly node: string
  readonly op: string
  readonly provider: string
  readonly seconds: number
  /** Shapes of its inputs, such as `float16[2,64] float[64]`. */
  readonly inputs: string
  /** Byte count of what it reads and writes once, weights included. */
  readonly bytes: number
}

const shapesSchema = z.array(z.record(z.string(), z.array(z.number())))
const sizeSchema = z.coerce.number()
const eventSchema = z.looseObject({
  cat: z.string(),
  name: z.string(),
  ts: z.number(),
  dur: z.number().default(0),
  args: z
    .looseObject({
      op_name: z.string().optional(),
      provider: z.string().optional(),
      input_type_shape: shapesSchema.optional(),
      output_type_shape: shapesSchema.optional(),
      activation_size: sizeSchema.optional(),
      parameter_size: sizeSchema.optional(),
      output_size: sizeSchema.optional(),
    })
    .default({}),
})
type TraceEvent = z.infer<typeof eventSchema>

const KERNEL_TIME = '_kernel_time'
const MICROSECONDS_PER_SECOND = 1e6

const shapesText = (shapes: z.infer<typeof shapesSchema> = []): string =>
  shapes
    .flatMap((shape) => Object.entries(shape).map(([type, sizes]) => `${type}[${sizes.join(',')}]`))
    .join(' ')

const nodeTime = ({ name, dur, args }: TraceEvent): NodeTime => ({
  node: name.slice(0, -KERNEL_TIME.length),
  op: args.op_name ?? '',
  provider: args.provider ?? '',
  seconds: dur / MICROSECONDS_PER_SECOND,
  inputs: shapesText(args.input_type_shape),
  bytes: (args.activation_size ?? 0) + (args.parameter_size ?? 0) + (args.output_size ?? 0),
})

/** The nodes of a trace's last run, in order. Throws if the trace has no run. */
export const lastRunOf = (trace: unknown): readonly NodeTime[] => {
  const events = z
    .array(z.unknown())
    .parse(trace)
    .flatMap((event) => eventSchema.safeParse(event).data ?? [])
  const run = events.findLast(({ cat, name }) => cat === 'Session' && name === 'model_run')
  if (run === undefined) throw new Error('the trace has no run')
  return events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith(KERNEL_TIME))
    .filter(({ ts }) => ts >= run.ts && ts <= run.ts + run.dur)
    .map(nodeTime)
}

export interface OpTime {
  readonly op: string
  readonly count: number
  readonly seconds: number
  readonly bytes: number
  readonly flops: number
}

/** Sums by op, the one that takes most first. `flopsOf` has the work of a node by its name. */
export const timesByOp = (
  nodes: readonly NodeTime[],
  flopsOf: ReadonlyMap<string, number>,
): readonly OpTime[] => {
  const sums = new Map<string, OpTime>()
  for (const { op, node, seconds, bytes } of nodes) {
    const sum = sums.get(op) ?? { op, count: 0, seconds: 0, bytes: 0, flops: 0 }
    sums.set(op, {
      op,
      count: sum.count + 1,
      seconds: sum.seconds + seconds,
      bytes: sum.bytes + bytes,
      flops: sum.flops + (flopsOf.get(node) ?? 0),
    })
  }
  return [...sums.values()].toSorted((a, b) => b.seconds - a.seconds)
}
