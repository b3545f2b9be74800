/** An aborted call ends with its signal's own reason, as `fetch` does, not with an error of the SDK's. */
export const abortable = async <T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> => {
  signal.throwIfAborted()
  try {
    return await call()
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
