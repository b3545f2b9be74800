/*
 * One bucket, as this project uses it. Adapters: shared/aws/s3-object-store.ts, and the small real one in
 * test/fixtures/memory-object-store.ts; one suite, test/shared/ports/object-store-contract.ts, runs on both.
 */

/** Bytes in memory, or a file that is streamed. */
export type Body = Uint8Array | { readonly path: string; readonly sizeBytes: number }

export interface ObjectInfo {
  readonly key: string
  readonly sizeBytes: number
  /** Opaque; equal only if the content is. Quotes are part of it. */
  readonly etag: string
  /** `null` if the bucket keeps no versions. */
  readonly versionId: string | null
  /** As the uploader said, or null. */
  readonly contentType: string | null
  /** User metadata, names in lower case without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly lastModified: Date
}

export interface StoredObject extends ObjectInfo {
  readonly bytes: Uint8Array
}

export interface WriteOptions {
  readonly contentType: string
  /** Names and values in ASCII: they travel as HTTP headers. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Tags of the object, for the bucket's lifecycle rules. The writer needs a right of its own. No call reads them. */
  readonly tags?: Readonly<Record<string, string>>
  /** Lower-case hex. The store checks it on arrival and refuses bytes that differ. */
  readonly sha256?: string
}

export interface ReadOptions {
  /** More is an `ObjectTooLargeError`, found before or while reading: never more than this is held. */
  readonly maxBytes: number
  /** Only this version, where the bucket keeps versions. */
  readonly versionId?: string | null
  /** Only if the content is still this; else an `ObjectChangedError`. */
  readonly ifMatch?: string
}

export interface ListedObject {
  readonly key: string
  readonly sizeBytes: number
  readonly etag: string
  readonly lastModified: Date
}

/** An object is larger than its reader takes. */
export class ObjectTooLargeError extends Error {
  override readonly name = 'ObjectTooLargeError'
  readonly sizeBytes: number

  constructor(key: string, sizeBytes: number, maxBytes: number) {
    super(`${key}: has ${sizeBytes} bytes, more than the ${maxBytes} that are accepted`)
    this.sizeBytes = sizeBytes
  }
}

/** An object is not the one it was when its reader decided to take it. */
export class ObjectChangedError extends Error {
  override readonly name = 'ObjectChangedError'
}

/**
 * A call whose signal is aborted throws the signal's reason. Whether a write had its effect by then, nobody knows; nor
 * does anybody after any other error.
 */
export interface ObjectStore {
  /** The bucket's name. */
  readonly bucket: string
  head(key: string, signal: AbortSignal, versionId?: string | null): Promise<ObjectInfo | null>
  /** Reads an object; `null` if there is none. */
  read(key: string, options: ReadOptions, signal: AbortSignal): Promise<StoredObject | null>
  /** Bytes `start` to `end` (exclusive) of an object that is still `etag`; throws `ObjectChangedError`. */
  readRange(
    key: string,
    range: { readonly start: number; readonly end: number; readonly etag: string },
    signal: AbortSignal,
  ): Promise<Uint8Array>
  /**
   * Writes only if nothing is there. False: it existed, and nothing was changed. What exists may be of this very call:
   * the answer to its first try got lost, and it was tried again. Who has to know reads what is there.
   */
  create(key: string, body: Body, options: WriteOptions, signal: AbortSignal): Promise<boolean>
  /** Writes whatever was there. Returns the new etag. */
  put(key: string, body: Body, options: WriteOptions, signal: AbortSignal): Promise<string>
  /**
   * Writes only over `etag`. Returns the new etag; null: it is another or gone, and nothing was changed. As with
   * `create`, the other may be this call's own.
   */
  replace(
    key: string,
    etag: string,
    body: Body,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<string | null>
  /** In the order of keys' UTF-8 bytes; with `after`, only keys beyond that one, which need not be there. */
  list(prefix: string, signal: AbortSignal, after?: string): AsyncIterable<ListedObject>
  /** Nothing there is no error. */
  delete(key: string, signal: AbortSignal): Promise<void>
}
