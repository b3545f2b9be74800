import type { Graph } from '../compiler/graph/graph.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'

/**
 * Sessions by key. `keep: 'all'` holds every network once it was used, with the memory that its run took; `keep: 'one'`
 * gives both back before the next one's is taken.
 */
export interface SessionPool extends AsyncDisposable {
  /** Opens the network if it is not open. The key stands for everything that decides the graph. */
  session(key: string, record: () => Graph): Promise<Session>
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
    async session(key, record) {
      const known = sessions.get(key)
      if (known !== undefined) return known
      if (keep === 'one') await retain(() => false)
      const session = await open(record(), options)
      sessions.set(key, session)
      return session
    },
    [Symbol.asyncDispose]: () => retain(() => false),
  }
}
