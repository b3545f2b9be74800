/**
 * Runs the tasks, up to `parallel` of them at once, and yields their results in the tasks' own order. It keeps at most
 * `parallel` results in memory. The first failure, the end of the consumer's loop, or `signal` aborts the other tasks.
 * The generator ends when no task is running any more.
 */
export async function* inOrder<Task, Result>(
  tasks: Iterable<Task>,
  run: (task: Task, signal: AbortSignal) => Promise<Result>,
  { parallel, signal }: { readonly parallel: number; readonly signal: AbortSignal },
): AsyncGenerator<{ readonly task: Task; readonly result: Result }> {
  const controller = new AbortController()
  const either = AbortSignal.any([signal, controller.signal])
  const waiting = tasks[Symbol.iterator]()
  const started: { readonly task: Task; readonly result: Promise<Result> }[] = []
  const startNext = (): void => {
    const next = waiting.next()
    if (next.done === true) return
    const result = run(next.value, either)
    // The loop below sees the failure when it reaches this result; until then it must not count as unhandled.
    result.catch(() => {})
    started.push({ task: next.value, result })
  }
  try {
    signal.throwIfAborted()
    for (let i = 0; i < parallel; i++) startNext()
    for (let first = started.shift(); first !== undefined; first = started.shift()) {
      const result = await first.result
      signal.throwIfAborted()
      yield { task: first.task, result }
      startNext()
    }
  } finally {
    controller.abort()
    await Promise.allSettled(started.map(({ result }) => result))
  }
}
