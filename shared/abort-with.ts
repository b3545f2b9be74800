/**
 * Aborts `controller` when the first of `signals` aborts, for the same reason; at once if one has. Disposing of the result
 * removes its listeners. A caller whose signals live no longer than the controller need not dispose of it.
 *
 * Long-lived loops take this instead of `AbortSignal.any`. Node keeps a signal of `AbortSignal.any` that has a listener in
 * a set of the whole process ("we retain a strong ref that is held for as long as the listener is registered",
 * lib/internal/abort_controller.js of Node 24). A listener that is left would therefore keep whatever it refers to.
 *
 *     const over = new AbortController()
 *     using _ = abortWith(over, [drain.signal, ended.signal])
 *     await clock.sleep(1_000, over.signal)
 */
export const abortWith = (controller: AbortController, signals: readonly AbortSignal[]): Disposable => {
  const abort = (event: Event): void => controller.abort((event.target as AbortSignal).reason)
  const aborted = signals.find((signal) => signal.aborted)
  if (aborted !== undefined) controller.abort(aborted.reason)
  else for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
  return {
    [Symbol.dispose]() {
      for (const signal of signals) signal.removeEventListener('abort', abort)
    },
  }
}
