import { z } from 'zod'
import { DISPATCH_STATE_KEY } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** A worker job that Batch was asked for, or is about to be. */
const askedWorkerSchema = z.strictObject({
  name: z.string(),
  /** Null: no answer has come, or none was heard. */
  job_id: z.string().nullable(),
  /** Just before it was asked for. */
  asked_at: z.iso.datetime(),
})

const dispatchStateSchema = z.strictObject({
  version: z.literal(1),
  written_at: z.iso.datetime(),
  workers: z.array(askedWorkerSchema),
})

export type AskedWorker = Readonly<z.infer<typeof askedWorkerSchema>>

export interface DispatchState {
  readonly workers: readonly AskedWorker[]
  readonly etag: string
}

/** A hundred thousand workers have less. */
const MAX_BYTES = 32e6
const OPTIONS = { contentType: 'application/json' }

const encode = (workers: readonly AskedWorker[], now: Date): Uint8Array => {
  const state: z.infer<typeof dispatchStateSchema> = {
    version: 1,
    written_at: now.toISOString(),
    workers: [...workers],
  }
  return new TextEncoder().encode(JSON.stringify(state))
}

/** Writes an empty one where there is none. Throws for what only somebody else can have written. */
export const readDispatchState = async (
  store: ObjectStore,
  now: Date,
  signal: AbortSignal,
): Promise<DispatchState> => {
  const read = () => store.read(DISPATCH_STATE_KEY, { maxBytes: MAX_BYTES }, signal)
  let stored = await read()
  if (stored === null) {
    // Whoever is first: what lies there then is read, for its etag.
    await store.create(DISPATCH_STATE_KEY, encode([], now), OPTIONS, signal)
    stored = await read()
  }
  if (stored === null) throw new Error(`${DISPATCH_STATE_KEY} was deleted while it was read`)
  try {
    const { workers } = dispatchStateSchema.parse(JSON.parse(new TextDecoder().decode(stored.bytes)))
    return { workers, etag: stored.etag }
  } catch (error) {
    const what = `${DISPATCH_STATE_KEY} in ${store.bucket} is not readable; delete it when Batch has no active job`
    throw new Error(what, { cause: error })
  }
}

/**
 * Writes over what was read, and over nothing else. Returns the new etag; null: others have written meanwhile, or the
 * answer to this very call got lost.
 */
export const replaceDispatchState = (
  store: ObjectStore,
  etag: string,
  workers: readonly AskedWorker[],
  now: Date,
  signal: AbortSignal,
): Promise<string | null> => store.replace(DISPATCH_STATE_KEY, etag, encode(workers, now), OPTIONS, signal)
