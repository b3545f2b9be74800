/** How a piece of work ended, as a value that can wait until its turn to be told. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown }

export const settle = async <T>(work: () => Promise<T>): Promise<Settled<T>> => {
  try {
    return { value: await work() }
  } catch (error) {
    return { error }
  }
}

/** The next piece of work, if the one before went well. */
export const andThen = async <T, R>(
  before: Settled<T>,
  work: (value: T) => Promise<R>,
): Promise<Settled<R>> => ('error' in before ? before : settle(() => work(before.value)))
