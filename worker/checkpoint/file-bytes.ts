import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** One read call returns at most 2^31 - 1 bytes. */
const MAX_READ_BYTES = 2 ** 30

export interface OpenedFile extends AsyncDisposable {
  /** Absolute, with symbolic links resolved. */
  readonly realPath: string
  readonly sizeBytes: number
  /** Throws InvalidInputError if the file ends before. */
  read(offsetBytes: number, sizeBytes: number): Promise<Buffer<ArrayBuffer>>
}

/** The `code` of a system error: ENOENT, EACCES… */
export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

const UNREADABLE = 'there is no permission to read it, or a folder above it: change that with chmod'

/** Codes of system errors: what is wrong, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it, or the file that its symbolic link names, is not there: download it again',
  EACCES: UNREADABLE,
  EPERM: UNREADABLE,
  ELOOP: 'its symbolic links lead in a circle: download it again',
  ENOTDIR: 'what should be a folder above it is a file: download the folder again',
  ENAMETOOLONG: 'its name is too long: check the path',
}

/** Error for a file or folder of a checkpoint that cannot be opened; `name` is its name in messages. */
export const openFault = (name: string, cause: unknown): InvalidInputError => {
  const code = errorCode(cause)
  return new InvalidInputError(name, `cannot be opened; ${REASONS[code] ?? `${code}: check its disk`}`, {
    cause,
  })
}

const reader =
  (file: string, handle: FileHandle): OpenedFile['read'] =>
  async (offsetBytes, sizeBytes) => {
    const bytes = Buffer.from(new ArrayBuffer(sizeBytes))
    let done = 0
    while (done < sizeBytes) {
      const length = Math.min(sizeBytes - done, MAX_READ_BYTES)
      const { bytesRead } = await handle.read(bytes, done, length, offsetBytes + done)
      if (bytesRead === 0) {
        throw new InvalidInputError(
          file,
          `ends at byte ${offsetBytes + done}; it is truncated: download it again`,
        )
      }
      done += bytesRead
    }
    return bytes
  }

/**
 * Opens a regular file; `file` is its name in messages. A pipe or device would wait for ever, so the kind is checked
 * before opening. Throws InvalidInputError if it cannot be read.
 */
export const openFile = async (path: string, file: string = path): Promise<OpenedFile> => {
  try {
    const realPath = await realpath(path)
    if (!(await stat(realPath)).isFile())
      throw new InvalidInputError(file, 'is not a file; download the folder again')
    const handle = await open(realPath, 'r')
    const { size: sizeBytes } = await handle.stat()
    return { realPath, sizeBytes, read: reader(file, handle), [Symbol.asyncDispose]: () => handle.close() }
  } catch (cause) {
    throw cause instanceof InvalidInputError ? cause : openFault(file, cause)
  }
}
