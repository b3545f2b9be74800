import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Body } from '../ports/object-store.ts'

/** A body that can be read piece by piece, and again for another try. */
export interface OpenBody {
  readonly sizeBytes: number
  /** Bytes `start` to `end` (exclusive). */
  read(start: number, end: number): Promise<Uint8Array>
  [Symbol.asyncDispose](): Promise<void>
}

const readFully = async (file: FileHandle, path: string, start: number, end: number) => {
  const bytes = new Uint8Array(end - start)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) throw new Error(`${path}: became shorter while it was sent`)
    filled += bytesRead
  }
  return bytes
}

export const openBody = async (body: Body): Promise<OpenBody> => {
  if (body instanceof Uint8Array) {
    return {
      sizeBytes: body.length,
      read: async (start, end) => body.subarray(start, end),
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const file = await open(body.path)
  return {
    sizeBytes: body.sizeBytes,
    read: (start, end) => readFully(file, body.path, start, end),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

export const sha256Base64 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64')
