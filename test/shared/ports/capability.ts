import type { Implementation } from './implementation.ts'

/** Something this project leans on, or would be hurt by, in which implementations differ. */
export interface Capability {
  /** The behaviour that AWS documents, in the words of `observe`. */
  readonly aws: string
  /** Observes the behaviour of an implementation, in a few words; `null` if it lacks the capability. */
  observe(implementation: Implementation): Promise<string | null>
}

export const acceptance = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'accepted',
    () => 'refused',
  )

/** Errors by which callers decide have names of their own; any other is `refused`. */
export const acceptanceOrError = (
  call: Promise<unknown>,
  expected: abstract new (...args: never) => Error,
): Promise<string> =>
  call.then(
    () => 'accepted',
    (error) => (error instanceof expected ? expected.name : 'refused'),
  )
