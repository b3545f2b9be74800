import type { Constant, Graph, Node } from '../../compiler/graph/graph.ts'
import { ONNX_TYPE } from '../../compiler/graph/onnx-type.ts'
import type { Value } from '../../compiler/graph/value.ts'

/*
 * ONNX Runtime's arena gives each class of sizes regions of its own, so that a decoder takes two to three times the
 * memory that is alive in it. A region that is large enough from the start holds all of them:
 *
 *     x ── Slice ── Cast ── Expand to N bytes ── Slice ── Sub ── Cast ──┐ zero
 *     │       first element, int64          its last element           ▼
 *     └──────────────────────────────────────────────────────────────▶ Sub ──▶ instead of x
 *
 * The Expand is the first node that allocates more than an input's size. Its buffer is free before the graph's own
 * nodes run, and its region stays. The zero depends on x, so no optimizer computes it. x minus zero is x, to the bit.
 * Integers make it zero for any x, NaN and infinity included. Cost: one fill of N bytes a run, 14 ms for 8 GiB at
 * 600 GB/s.
 *
 * Regions have sizes of powers of two, so that a reserve of 10 GiB has one of 2 and one of 8 GiB. Their buffers have to
 * be there at the same time. So the second one is expanded from the last element of the first, and the first is read once
 * more when the second is there:
 *
 *     whole ── Expand to 2 GiB ── Slice ── Expand to 8 GiB ── Slice ── Sub ──┐ 0
 *                    └──────────────────────────────────────────────────── Gather ── Sub ── Cast …
 */

const I64_BYTES = 8
/** Kernels count elements with 32 bits. The arena rounds the 8 bytes that 16 GiB lack up again. */
const MOST_ELEMENTS = 2 ** 31 - 1
export const LARGEST_REGION_BYTES = 2 ** 34
const SMALLEST_REGION_BYTES = 2 ** 20
const PREFIX = 'arena_reserve'

/** Sizes of the regions that hold `bytes` together, the smallest first, as the arena never makes a smaller one later. */
export const reserveRegions = (bytes: number): readonly number[] => {
  const sizes: number[] = []
  let left = Math.ceil(bytes / SMALLEST_REGION_BYTES) * SMALLEST_REGION_BYTES
  for (let size = LARGEST_REGION_BYTES; left > 0; size = left < size ? size / 2 : size) {
    if (size > left) continue
    sizes.unshift(size)
    left -= size
  }
  return sizes
}

const i64 = (name: string, shape: readonly number[]): Value => ({
  name: `${PREFIX}/${name}`,
  dtype: 'int64',
  shape,
})

const integers = (name: string, data: readonly number[]): Constant => ({
  value: i64(name, [data.length]),
  source: 'inline',
  data: BigInt64Array.from(data, BigInt),
})

const node = (
  op: string,
  inputs: readonly Value[],
  output: Value,
  attributes: Node['attributes'] = {},
): Node => ({
  ...{ op, domain: '', name: output.name, inputs, outputs: [output], attributes, flops: 0 },
})

const FIRST_AXIS = integers('first_axis', [0])

/** A buffer of one region's size, whose elements are all the one of `element`, and its last element. */
const filledBuffer = (element: Value, bytes: number, number: number) => {
  const suffix = number === 0 ? '' : `_${number}`
  const elements = Math.min(Math.ceil(bytes / I64_BYTES), MOST_ELEMENTS)
  const size = integers(`size${suffix}`, [elements])
  const lastIndex = integers(`last${suffix}`, [elements - 1])
  const filled = i64(`filled${suffix}`, [elements])
  const end = i64(`end${suffix}`, [1])
  const nodes = [
    node('Expand', [element, size.value], filled),
    node('Slice', [filled, lastIndex.value, size.value, FIRST_AXIS.value], end),
  ]
  return { filled, end, nodes, constants: [size, lastIndex] }
}

/** One buffer for each region of `bytes`, all there before the first is freed, and a zero that depends on each of them. */
const filledRegions = (whole: Value, bytes: number) => {
  const buffers: ReturnType<typeof filledBuffer>[] = []
  let end = whole
  for (const [number, size] of reserveRegions(bytes).entries()) {
    const buffer = filledBuffer(end, size, number)
    buffers.push(buffer)
    end = buffer.end
  }
  let none = i64('sub', [1])
  const nodes = [...buffers.flatMap((buffer) => buffer.nodes), node('Sub', [end, whole], none)]
  for (const [number, { filled }] of buffers.slice(0, -1).toReversed().entries()) {
    const [first, rest] = [i64(`first_${number}`, [1]), i64(`sub_${number}`, [1])]
    nodes.push(node('Gather', [filled, none], first), node('Sub', [first, whole], rest))
    none = rest
  }
  return { none, nodes, constants: [...buffers.flatMap((buffer) => buffer.constants), FIRST_AXIS] }
}

/**
 * The same graph, whose runs first allocate and free buffers of `bytes` together; `input` names the input that they go
 * through. `bytes` is a multiple of 1 MiB.
 */
export const withArenaReserve = (graph: Graph, bytes: number, input = graph.inputs[0]?.name): Graph => {
  const x = graph.inputs.find(({ name }) => name === input)
  if (x === undefined) throw new TypeError(`${graph.name} has no input ${input}`)
  const axes = x.shape.map((_, axis) => axis)
  const rank = axes.length
  const constants = {
    zeros: integers('zeros', Array(rank).fill(0)),
    ones: integers('ones', Array(rank).fill(1)),
    axes: integers('axes', axes),
    one: integers('one', [1]),
  }
  const corner: Value = { name: `${PREFIX}/corner`, dtype: 'float32', shape: Array(rank).fill(1) }
  const element: Value = { ...corner, name: `${PREFIX}/element`, shape: [1] }
  const whole = i64('whole', [1])
  const regions = filledRegions(whole, bytes)
  const zero: Value = { ...element, name: `${PREFIX}/zero` }
  const entered: Value = { ...x, name: `${PREFIX}/${x.name}` }
  const nodes = [
    node('Slice', [x, constants.zeros.value, constants.ones.value, constants.axes.value], corner),
    node('Reshape', [corner, constants.one.value], element),
    node('Cast', [element], whole, { to: ONNX_TYPE.int64 }),
    ...regions.nodes,
    node('Cast', [regions.none], zero, { to: ONNX_TYPE.float32 }),
    node('Sub', [x, zero], entered),
  ]
  const entering = (value: Value | null): Value | null => (value?.name === x.name ? entered : value)
  return {
    ...graph,
    constants: [...graph.constants, ...Object.values(constants), ...regions.constants],
    nodes: [...nodes, ...graph.nodes.map((other) => ({ ...other, inputs: other.inputs.map(entering) }))],
  }
}
