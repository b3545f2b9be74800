/** Outcome of a piece of work, as a value that can be reported later. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown }

export const settle = async <T>(work: () => Promise<T>): Promise<Settled<T>> => {
  try {
    return { value: await work() }
  } catch (error) {
    return { error }
  }
}

/** Runs the next piece of work if the one before succeeded. Otherwise returns the error of the one before. */
export const andThen = async <T, R>(
  before: Settled<T>,
  work: (value: T) => Promise<R>,
): Promise<Settled<R>> => ('error' in before ? before : settle(() => work(before.value)))
