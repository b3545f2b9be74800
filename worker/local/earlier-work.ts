import type { DatabaseSync } from 'node:sqlite'
import { jobIdOfResult } from '../../shared/contracts/bucket-layout.ts'
import { jobMessageSchema, type ModelReference } from '../../shared/contracts/job-message.ts'
import { JOBS_QUEUE, OUTPUT_BUCKET } from './names.ts'

/** The work that earlier processes left in a data folder. */
export interface EarlierWork {
  /** Uploads that ingest has not finished. */
  readonly uploads: number
  /** Models for which jobs wait, one entry a message. */
  readonly waiting: readonly ModelReference[]
  /** Jobs that have a result. */
  readonly ended: number
}

const parseModel = (body: unknown): readonly ModelReference[] => {
  try {
    return [jobMessageSchema.parse(JSON.parse(String(body))).model]
  } catch {
    // The worker puts it aside.
    return []
  }
}

/** Reads what a folder has, of fauxqs' database and of the records beside it. */
export const readEarlierWork = (database: DatabaseSync, records: DatabaseSync): EarlierWork => {
  const uploads = records.prepare("SELECT count(*) AS n FROM waiting WHERE feed = 'uploads'").get()
  const messages = database.prepare('SELECT body FROM sqs_messages WHERE queue_name = ?').all(JOBS_QUEUE)
  const keys = database.prepare('SELECT key FROM s3_objects WHERE bucket = ?').all(OUTPUT_BUCKET)
  return {
    uploads: Number(uploads?.['n']),
    waiting: messages.flatMap(({ body }) => parseModel(body)),
    ended: keys.filter(({ key }) => jobIdOfResult(String(key)) !== null).length,
  }
}
