import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { makeFolder } from '../../shared/files/output-folder.ts'
import { isRunning } from '../../shared/is-running.ts'
import { dataDirError, sqliteFault } from './sqlite-fault.ts'

/*
 * A folder that keeps what `svd local` has:
 *
 *   svd.sqlite       format version; keys whose objects were not handled yet; events that were given
 *   fauxqs.db        fauxqs' own file: buckets, objects, queues, messages
 *   in-use-by.json   the process that uses the folder, for a message. It decides nothing
 *
 * The process holds SQLite's exclusive lock on svd.sqlite as long as it runs: "When the locking-mode is set to EXCLUSIVE, the
 * database connection never releases file-locks" (SQLite, PRAGMA locking_mode). The operating system ends the lock with
 * the process, however that ends, so a lock is never stale.
 */

const RECORDS_FILE = 'svd.sqlite'
const FAUXQS_FILE = 'fauxqs.db'
const LOCK_INFO_FILE = 'in-use-by.json'

/** "SVDL" in ASCII. SQLite keeps it in the file's header: PRAGMA application_id. */
const APPLICATION_ID = 0x5356444c
/** Version of both files, the SQLite schema of the pinned fauxqs included. */
export const DATA_DIR_FORMAT = 1

const SCHEMA = `
CREATE TABLE waiting (
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (feed, key)
) STRICT;
CREATE TABLE given_events (
  event_id TEXT PRIMARY KEY,
  event TEXT
) STRICT;
CREATE TABLE event_files (
  path TEXT PRIMARY KEY,
  size_bytes INTEGER NOT NULL
) STRICT;
`

const lockInfoSchema = z.object({ pid: z.int().positive(), since: z.string(), url: z.string().nullable() })

export interface DataDir extends Disposable {
  /** As the user gave it. */
  readonly folder: string
  /** Connection to `svd.sqlite`, which holds the lock. */
  readonly records: DatabaseSync
  /** Notes the address at which this process serves the folder, for another process that wants it. */
  noteUrl(url: string): void
}

const OPTION = '--data-dir'

const refuse = (folder: string, rule: string): InvalidInputError =>
  new InvalidInputError(OPTION, `got '${folder}', ${rule}`)

const lockOwner = (folder: string): string => {
  try {
    const { pid, since, url } = lockInfoSchema.parse(
      JSON.parse(readFileSync(path.join(folder, LOCK_INFO_FILE), 'utf8')),
    )
    if (isRunning(pid)) return `process ${pid}, since ${since}${url === null ? '' : `, at ${url}`}`
  } catch {
    // The other process has only just taken it.
  }
  return 'another process'
}

/** Files that are there when a process was killed while it made the folder. */
const isOurFile = (name: string): boolean =>
  [RECORDS_FILE, FAUXQS_FILE].some((own) => name === own || name.startsWith(`${own}-`)) ||
  name === LOCK_INFO_FILE

const readNumber = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0])

/** Checks whose folder it is. Changes nothing. */
const readFormat = (database: DatabaseSync, folder: string): 'new' | 'known' => {
  const id = readNumber(database, 'PRAGMA application_id')
  const version = readNumber(database, 'PRAGMA user_version')
  const isEmpty = id === 0 && readNumber(database, 'SELECT count(*) FROM sqlite_schema') === 0
  if (isEmpty) return 'new'
  if (id !== APPLICATION_ID)
    throw refuse(folder, `whose ${RECORDS_FILE} another program made; choose an empty or a new folder`)
  if (version !== DATA_DIR_FORMAT)
    throw refuse(
      folder,
      `which has format ${version}, and this svd knows format ${DATA_DIR_FORMAT}; use the version of svd that made it, or choose a new folder`,
    )
  return 'known'
}

const lock = (database: DatabaseSync, folder: string): void => {
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    if (sqliteFault(error) !== 'busy') throw error
    throw refuse(
      folder,
      `which another svd local uses (${lockOwner(folder)}); end that one, or choose another folder`,
    )
  }
}

const open = (folder: string, isNewFolder: boolean): DatabaseSync => {
  const database = new DatabaseSync(path.join(folder, RECORDS_FILE))
  try {
    lock(database, folder)
    if (readFormat(database, folder) === 'new') {
      if (!isNewFolder) throw refuse(folder, 'which has other files; choose an empty or a new folder')
      database.exec(SCHEMA)
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${DATA_DIR_FORMAT}`)
    }
    database.exec('COMMIT')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const openRecords = (folder: string, isNewFolder: boolean): DatabaseSync => {
  try {
    return open(folder, isNewFolder)
  } catch (error) {
    if (sqliteFault(error) === 'not-a-database')
      throw refuse(folder, `whose ${RECORDS_FILE} another program made; choose an empty or a new folder`)
    throw sqliteFault(error) === null ? error : dataDirError(folder, error)
  }
}

/**
 * Opens a folder for this process alone, and makes it where it is missing. Throws InvalidInputError if another process uses
 * it, if it is another program's, or if its format is another version's.
 */
export const openDataDir = async (folder: string, now: () => Date): Promise<DataDir> => {
  await makeFolder(OPTION, folder)
  const names = readdirSync(folder)
  // Before SQLite makes its file in a folder that is another program's.
  const isNewFolder = names.every((name) => name.startsWith('.') || isOurFile(name))
  if (!isNewFolder && !names.includes(RECORDS_FILE))
    throw refuse(folder, 'which has other files; choose an empty or a new folder')
  const records = openRecords(folder, isNewFolder)
  const holder = path.join(folder, LOCK_INFO_FILE)
  const since = now().toISOString()
  const noteUrl = (url: string | null): void => {
    try {
      writeFileSync(holder, `${JSON.stringify({ pid: process.pid, since, url })}\n`)
    } catch {
      // Another process then does not learn who uses the folder.
    }
  }
  noteUrl(null)
  return {
    folder,
    records,
    noteUrl,
    [Symbol.dispose]() {
      rmSync(holder, { force: true })
      records.close()
    },
  }
}
