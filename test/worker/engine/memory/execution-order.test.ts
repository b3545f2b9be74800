import { expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { add, mul, sigmoid, silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { executionOrder } from '../../../../worker/engine/memory/execution-order.ts'

test('executionOrder runs a node after its inputs, of which the last in the file runs first', () => {
  const g = createGraph('diamond')
  const x = g.input('x', [4])
  const left = g.within('left', () => silu(g, sigmoid(g, x)))
  const right = g.within('right', () => mul(g, x, x))
  g.output('y', add(g, left, right))
  expect(executionOrder(g).map(({ name }) => name)).toEqual([
    'right/Mul',
    'left/Sigmoid',
    'left/QuickGelu',
    'Add',
    'y',
  ])
})

test('executionOrder computes the last of several outputs first', () => {
  const g = createGraph('outputs')
  const x = g.input('x', [4])
  g.output('first', sigmoid(g, x))
  g.output('second', mul(g, x, x))
  expect(executionOrder(g).map(({ name }) => name)).toEqual(['Mul', 'second', 'Sigmoid', 'first'])
})
