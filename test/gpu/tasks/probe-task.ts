import { z } from 'zod'
import { createGraph } from '../../../worker/compiler/graph/graph.ts'
import { add } from '../../../worker/compiler/ops/elementwise.ts'
import { openSession } from '../../../worker/engine/session.ts'
import { float32Output } from '../../../worker/engine/tensor.ts'
import { serveTask } from './serve-task.ts'

/** Loads the provider, and adds two numbers on the card. */
await serveTask(z.object({}), async (_, emit) => {
  const g = createGraph('sum')
  const x = g.input('x', [4])
  g.output('y', add(g, x, x))
  const started = performance.now()
  await using session = await openSession(g, { provider: 'cuda', threads: 0 })
  const opened = performance.now()
  const y = float32Output(await session.run({ x: { data: Float32Array.of(1, 2, 3, 4), shape: [4] } }), 'y')
  emit({
    openSeconds: (opened - started) / 1000,
    runSeconds: (performance.now() - opened) / 1000,
    sum: [...y.data],
  })
})
