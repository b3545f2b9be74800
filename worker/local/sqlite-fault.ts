/** Meaning of a failed call of SQLite for a data folder. */
export type SqliteFault = 'busy' | 'full' | 'not-writable' | 'not-a-database' | 'other'

/** Primary result codes: https://www.sqlite.org/rescode.html */
const FAULTS: Readonly<Record<number, SqliteFault>> = {
  5: 'busy',
  6: 'busy',
  8: 'not-writable',
  10: 'not-writable',
  13: 'full',
  14: 'not-writable',
  26: 'not-a-database',
}

/**
 * "… the application can always find the corresponding primary result code merely by extracting the least significant 8
 * bits of the extended result code." (SQLite, Result and Error Codes). Returns `null` for an error that is not SQLite's.
 */
export const sqliteFault = (error: unknown): SqliteFault | null =>
  error instanceof Error && 'errcode' in error ? (FAULTS[Number(error.errcode) & 0xff] ?? 'other') : null

const FIXES: Readonly<Record<SqliteFault, string>> = {
  full: 'its disk is full; make space there',
  'not-writable': 'its disk cannot be read or written; check the disk and the permissions',
  busy: 'another program has locked its files; end that program',
  'not-a-database': 'its files are damaged; restore them from a copy',
  other: 'its files take no more; check the disk, or restore them from a copy',
}

/** The error with which `svd local` ends when its folder cannot be written any more. */
export const dataDirError = (folder: string, cause: unknown): Error => {
  const fault = sqliteFault(cause) ?? 'other'
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Error(
    `--data-dir: got '${folder}', and ${FIXES[fault]}, then start svd local again: accepted uploads and jobs are saved (${reason})`,
    { cause },
  )
}
