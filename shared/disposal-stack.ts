/** Resources to dispose of, the newest first. Node 24 has it as `AsyncDisposableStack`, and Node 22 does not. */
export interface DisposalStack extends AsyncDisposable {
  /** Adds a resource, and returns it. */
  use<T extends AsyncDisposable>(resource: T): T
  /** Adds a function to call. */
  defer(dispose: () => unknown): void
  /** Moves all that was added to a new stack, so that this one disposes of nothing. */
  move(): DisposalStack
}

const stackOf = (disposals: (() => unknown)[]): DisposalStack => ({
  use(resource) {
    disposals.push(() => resource[Symbol.asyncDispose]())
    return resource
  },
  defer(dispose) {
    disposals.push(dispose)
  },
  move: () => stackOf(disposals.splice(0)),
  async [Symbol.asyncDispose]() {
    const faults: unknown[] = []
    for (const dispose of disposals.splice(0).reverse()) {
      try {
        await dispose()
      } catch (error) {
        faults.push(error)
      }
    }
    if (faults.length === 1) throw faults[0]
    if (faults.length > 1) throw new AggregateError(faults, faults.map(String).join('; '))
  },
})

export const createDisposalStack = (): DisposalStack => stackOf([])
