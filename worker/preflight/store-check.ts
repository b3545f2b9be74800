import { randomUUID } from 'node:crypto'
import { probeKey } from '../../shared/contracts/bucket-layout.ts'
import { MAX_CLOCK_SKEW_MS } from '../../shared/job-index/count-entries.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { type Check, fail, ok, runCheck, warn } from './check.ts'

/** `optional`: a store that overwrites what it should leave is only warned of. */
export type ConditionalWrites = 'required' | 'optional'

const FIRST = Buffer.from('first\n')
const SECOND = Buffer.from('second\n')
const TEXT = { contentType: 'text/plain' }

const IGNORED = 'ignores If-None-Match: two workers with one job may both publish it'
const FIX = 'use S3, or a store that honours conditional writes'

const CLOCK_FIX = `set this machine's clock: jobs are ordered by it, within ${MAX_CLOCK_SKEW_MS / 60_000} minutes`

/** A worker that may not delete leaves its probe behind; the bucket's own rules clear it away. */
const removeProbe = (outputs: ObjectStore, key: string, signal: AbortSignal): Promise<void> =>
  outputs.delete(key, signal).catch(() => {})

/**
 * Writes twice where only the first may count. Results are published by this: `result.json` is written once. The clock is
 * compared as well, because the SDK adapts its requests to that of S3, and so hides a clock that is wrong.
 */
export const checkConditionalWrites = (
  outputs: ObjectStore,
  { conditionalWrites, now }: { readonly conditionalWrites: ConditionalWrites; readonly now: () => Date },
  signal: AbortSignal,
): Promise<Check> =>
  runCheck(
    'outputs',
    "check the bucket's name, the region, and the rights to put, get and list in it",
    async () => {
      const key = probeKey(randomUUID())
      const place = `s3://${outputs.bucket}`
      try {
        if (!(await outputs.create(key, FIRST, TEXT, signal))) {
          return fail(`${place} says that ${key}, a name made up just now, is there already`, FIX)
        }
        const overwritten = await outputs.create(key, SECOND, TEXT, signal)
        const kept = await outputs.read(key, { maxBytes: SECOND.length }, signal)
        const skewMs = kept === null ? 0 : Math.abs(kept.lastModified.getTime() - now().getTime())
        if (skewMs > MAX_CLOCK_SKEW_MS) {
          const minutes = Math.round(skewMs / 60_000)
          return fail(`the clocks of ${place} and of this machine differ by ${minutes} minutes`, CLOCK_FIX)
        }
        if (!overwritten && kept !== null && FIRST.equals(kept.bytes)) {
          return ok(`${place} writes, reads, and honours If-None-Match`)
        }
        return conditionalWrites === 'optional'
          ? warn(`${place} ${IGNORED}`, FIX)
          : fail(`${place} ${IGNORED}`, `${FIX}; with one worker alone, --conditional-writes optional`)
      } finally {
        await removeProbe(outputs, key, signal)
      }
    },
  )
