import { expect, test } from 'vitest'
import { lastRunOf, timesByOp } from './profile-trace.ts'

const session = (name: string, ts: number, dur: number) => ({ cat: 'Session', name, ts, dur, args: {} })

const node = (name: string, op: string, ts: number, dur: number) => ({
  ...{ cat: 'Node', name: `${name}_kernel_time`, ts, dur },
  args: {
    op_name: op,
    provider: 'CUDAExecutionProvider',
    input_type_shape: [{ float16: [2, 64] }, { float: [64] }],
    output_type_shape: [{ float16: [2, 64] }],
    // Sizes are text in ONNX Runtime's traces.
    ...{ activation_size: '256', parameter_size: '128', output_size: '256' },
  },
})

const TRACE = [
  session('model_loading_array', 0, 400),
  node('a/MatMul', 'MatMul', 1000, 900),
  session('model_run', 990, 1000),
  node('a/MatMul', 'MatMul', 3000, 20),
  node('b/Add', 'Add', 3020, 5),
  node('c/MatMul', 'MatMul', 3030, 40),
  session('SequentialExecutor::Execute', 2995, 90),
  session('model_run', 2990, 100),
]

test('lastRunOf returns the last run alone, in the order of its nodes', () => {
  expect(lastRunOf(TRACE).map(({ node: name, seconds }) => [name, seconds])).toEqual([
    ['a/MatMul', 20e-6],
    ['b/Add', 5e-6],
    ['c/MatMul', 40e-6],
  ])
})

test('lastRunOf returns each node with its op, provider, shapes and bytes', () => {
  expect(lastRunOf(TRACE)[1]).toEqual({
    ...{ node: 'b/Add', op: 'Add', provider: 'CUDAExecutionProvider', seconds: 5e-6 },
    ...{ inputs: 'float16[2,64] float[64]', bytes: 640 },
  })
})

test('timesByOp sums times, bytes and FLOPs by op, the slowest op first', () => {
  const flopsOf = new Map([
    ['a/MatMul', 100],
    ['c/MatMul', 300],
  ])
  const [product, sum] = timesByOp(lastRunOf(TRACE), flopsOf)
  expect(product).toMatchObject({ op: 'MatMul', count: 2, bytes: 1280, flops: 400 })
  expect(product?.seconds).toBeCloseTo(60e-6, 12)
  expect(sum).toEqual({ op: 'Add', count: 1, seconds: 5e-6, bytes: 640, flops: 0 })
})

test('lastRunOf throws if the trace has no run', () => {
  expect(() => lastRunOf([session('model_loading_array', 0, 400)])).toThrow('the trace has no run')
})
