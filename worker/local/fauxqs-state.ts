import type { DatabaseSync } from 'node:sqlite'
import type { buildApp } from 'fauxqs'

/*
 * fauxqs 2.4.1 keeps its state in SQLite, each change in a transaction of its own before the answer. Its entry point only
 * opens that together with a server for all interfaces. So this reads the four classes from their files, which is sound
 * because the version is pinned, and corrects what of it loses a message (`test/worker/local/fauxqs-state.test.ts`):
 *
 *   release of a message     writes NULL to a column that is NOT NULL, and has then forgotten the message
 *   move to the dead-letter  deletes the message and inserts it in two transactions, between which a kill loses it
 *   queue
 *   restart                  a message stays leased until its time is over, although its worker is gone
 */

export type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>
type SqsQueue = Parameters<Manager['insertQueue']>[0]
type Manager = NonNullable<Stores['sqsStore']['persistence']>
/** With the connection, which fauxqs declares private. */
type OpenManager = { [Method in keyof Manager]: Manager[Method] } & { readonly db: DatabaseSync }

interface Parts {
  readonly SqsStore: new () => Stores['sqsStore']
  readonly SnsStore: new () => Stores['snsStore']
  readonly S3Store: new () => Stores['s3Store']
  readonly PersistenceManager: new (folder: string) => OpenManager
}

const FILES = ['sqs/sqsStore.js', 'sns/snsStore.js', 's3/s3Store.js', 'persistence.js']

const loadParts = async (): Promise<Parts> => {
  const entry = import.meta.resolve('fauxqs')
  return Object.assign({}, ...(await Promise.all(FILES.map((file) => import(new URL(file, entry).href)))))
}

const RELEASE = 'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL'

/** A client may go on with an upload for a while. Then its parts are a leftover. */
const UPLOAD_MS = 24 * 60 * 60 * 1000

const rollBack = (db: DatabaseSync): void => {
  try {
    db.exec('ROLLBACK')
  } catch {
    // SQLite has done so itself, as it does when the disk is full.
  }
}

/** Makes a receive one transaction, so that a message is in one of two queues at any time. */
const receiveAtOnce = (queue: SqsQueue, db: DatabaseSync, onFault: (error: unknown) => void): void => {
  const dequeue = queue.dequeue.bind(queue)
  queue.dequeue = (...options) => {
    try {
      db.exec('BEGIN')
      const messages = dequeue(...options)
      db.exec('COMMIT')
      return messages
    } catch (error) {
      rollBack(db)
      onFault(error)
      throw error
    }
  }
}

/** `manager` with the corrections, for fauxqs to call at each change. `onFault` gets each error that a call throws. */
const corrected = (manager: OpenManager, onFault: (error: unknown) => void): OpenManager => {
  const { db } = manager
  const release = db.prepare(`${RELEASE} WHERE message_id = ?`)
  const corrections: Partial<OpenManager> = {
    updateMessageReady: (messageId) => void release.run(messageId),
    insertQueue(queue) {
      manager.insertQueue(queue)
      receiveAtOnce(queue, db, onFault)
    },
  }
  const guard =
    (method: (...values: unknown[]) => unknown) =>
    (...values: unknown[]): unknown => {
      try {
        return method.apply(manager, values)
      } catch (error) {
        onFault(error)
        throw error
      }
    }
  return new Proxy(manager, {
    get(target, name) {
      const value: unknown = Reflect.get(corrections, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? guard(value as (...values: unknown[]) => unknown) : value
    },
  })
}

export interface FauxqsState extends Disposable {
  readonly stores: Stores
  readonly database: DatabaseSync
}

/**
 * Opens the state that `folder` has, and keeps each change in it from now on. No lease of an earlier process lasts. A
 * change that cannot be kept throws, after `onFault` was called: then the stores have more than the folder, so no further
 * answer may be given.
 */
export const openFauxqsState = async (
  folder: string,
  { now, onFault }: { readonly now: () => Date; readonly onFault: (error: unknown) => void },
): Promise<FauxqsState> => {
  const { SqsStore, SnsStore, S3Store, PersistenceManager } = await loadParts()
  const manager = new PersistenceManager(folder)
  const { db } = manager
  try {
    db.exec(RELEASE)
    db.prepare('DELETE FROM s3_multipart_uploads WHERE initiated < ?').run(
      new Date(now().getTime() - UPLOAD_MS).toISOString(),
    )
    const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() }
    // Before the stores write to it: an insert of what is there already would delete what belongs to it.
    manager.load(stores.sqsStore, stores.snsStore, stores.s3Store)
    const persistence = corrected(manager, onFault) as unknown as Manager
    for (const queue of stores.sqsStore.allQueues()) {
      queue.persistence = persistence
      receiveAtOnce(queue, db, onFault)
    }
    for (const store of Object.values(stores)) store.persistence = persistence
    return { stores, database: db, [Symbol.dispose]: () => manager.close() }
  } catch (error) {
    manager.close()
    throw error
  }
}
