import { describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { checkConditionalWrites } from '../../../worker/preflight/store-check.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 12)
const MINUTE_MS = 60_000

const aStore = () => openMemoryObjectStore({ bucket: 'outputs', now: () => NOW_MS })

const checkOf = (
  store: ObjectStore,
  { conditionalWrites = 'required' as 'required' | 'optional', nowMs = NOW_MS } = {},
) => checkConditionalWrites(store, { conditionalWrites, now: () => new Date(nowMs) }, unaborted)

describe('the check of a store', () => {
  test('that keeps the first of two writes is ok and removes its probe', async () => {
    const store = aStore()
    expect(await checkOf(store)).toEqual({
      ...{ name: 'outputs', status: 'ok', fix: null },
      found: 's3://outputs writes, reads, and honours If-None-Match',
    })
    expect(store.writes.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(['first\n'])
    expect(store.writes[0]?.key).toMatch(/^probes\/[0-9a-f-]{36}$/)
    expect(store.keys()).toEqual([])
  })

  test.each([
    [
      'required',
      'fail',
      'use S3, or a store that honours conditional writes; with one worker alone, --conditional-writes optional',
    ],
    ['optional', 'warn', 'use S3, or a store that honours conditional writes'],
  ] as const)(
    'that overwrites objects has, with conditional writes %s, status %s',
    async (conditionalWrites, status, fix) => {
      const store = aStore()
      const overwriting: ObjectStore = {
        ...store,
        async create(...write) {
          await store.put(...write)
          return true
        },
      }
      expect(await checkOf(overwriting, { conditionalWrites })).toEqual({
        ...{ name: 'outputs', status, fix },
        found: 's3://outputs ignores If-None-Match: two workers with one job may both publish it',
      })
      expect(store.keys()).toEqual([])
    },
  )

  test('that loses the probe fails', async () => {
    const store = aStore()
    expect(await checkOf({ ...store, read: async () => null })).toMatchObject({ status: 'fail' })
  })

  test('that cannot be written to fails with its reason and the rights to check', async () => {
    const create = () => Promise.reject(new Error('The specified bucket does not exist'))
    expect(await checkOf({ ...aStore(), create })).toEqual({
      ...{ name: 'outputs', status: 'fail', found: 'The specified bucket does not exist' },
      fix: "check the bucket's name, the region, and the rights to put, get and list in it",
    })
  })
})

test.each([
  [5, 'ok'],
  [-5, 'ok'],
  [5.5, 'fail'],
  [-60, 'fail'],
])(
  'the check of a clock that differs from the clock of S3 by %d minutes has status %s',
  async (minutes, status) => {
    const check = await checkOf(aStore(), { nowMs: NOW_MS + minutes * MINUTE_MS })
    const off = Math.round(Math.abs(minutes))
    expect(check).toMatchObject(
      status === 'ok'
        ? { status, fix: null }
        : {
            ...{ status, fix: "set this machine's clock: jobs are ordered by it, within 5 minutes" },
            found: `the clocks of s3://outputs and of this machine differ by ${off} minutes`,
          },
    )
  },
)
