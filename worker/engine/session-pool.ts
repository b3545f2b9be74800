import type { Graph } from '../compiler/graph/graph.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'

/**
 * Sessions by key. `keep: 'all'` holds every network once it was used, with the memory that its run took; `keep: 'one'`
 * gives both back before the next one's is taken, unless the next one is opened `beside` it.
 */
export interface SessionPool extends AsyncDisposable {
  /**
   * Opens the network if it is not open. The key stands for everything that decides the graph. `beside` closes nothing
   * first: of two networks that take turns, each would have to be opened again and again.
   */
  session(key: string, record: () => Graph, options?: { readonly beside?: boolean }): Promise<Session>
  /** Closes all sessions whose key is not wanted any more. */
  retain(isWanted: (key: string) => boolean): Promise<void>
}

export type OpenSession = (graph: Graph, options: SessionOptions) => Promise<Session>

export const createSessionPool = (
  { keep, ...options }: SessionOptions & { readonly keep: 'all' | 'one' },
  open: OpenSession = openSession,
): SessionPool => {
  const sessions = new Map<string, Session>()

  const retain = async (isWanted: (key: string) => boolean): Promise<void> => {
    for (const [key, session] of [...sessions]) {
      if (isWanted(key)) continue
      sessions.delete(key)
      await session[Symbol.asyncDispose]()
    }
  }

  return {
    retain,
    async session(key, record, { beside = false } = {}) {
      const known = sessions.get(key)
      if (known !== undefined) return known
      if (keep === 'one' && !beside) await retain(() => false)
      const session = await open(record(), options)
      sessions.set(key, session)
      return session
    },
    [Symbol.asyncDispose]: () => retain(() => false),
  }
}
