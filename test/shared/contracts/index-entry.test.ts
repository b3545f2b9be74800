import { expect, test } from 'vitest'
import {
  entryKey,
  entryKeyOfSeveral,
  keyBefore,
  parseEntryKey,
} from '../../../shared/contracts/index-entry.ts'

const ID = '7c12e96983c996ff67244dcec30a6480'
const TIME = new Date('2026-11-30T08:31:05.526Z')
const at = (ms: number): Date => new Date(TIME.getTime() + ms)

test('the key of an index entry has kind, time and job id', () => {
  const key = entryKey('failed', TIME, ID)
  expect(key).toBe(`index/failed/8203972534473-${ID}`)
  expect(parseEntryKey('failed', key)).toEqual({
    ...{ kind: 'failed', key, time: TIME, jobs: 1, jobId: ID, digest: null },
  })
})

test('the key of an index entry of several jobs has their number and their digest', () => {
  const key = entryKeyOfSeveral(TIME, ID, 100)
  expect(key).toBe(`index/queued/8203972534473-${ID}-100.json`)
  expect(parseEntryKey('queued', key)).toEqual({
    ...{ kind: 'queued', key, time: TIME, jobs: 100, jobId: null, digest: ID },
  })
})

test.each(['index/failed/', 'index/failed/x', `index/failed/${ID}`, `index/failed/820397253447-${ID}`])(
  '%s is not the key of an index entry',
  (key) => {
    expect(parseEntryKey('failed', key)).toBeNull()
  },
)

test('keys of index entries sort from the latest to the earliest', () => {
  const keys = [
    entryKey('queued', at(1), ID),
    entryKeyOfSeveral(TIME, ID, 2),
    keyBefore('queued', TIME),
    entryKey('queued', at(-1), ID),
    entryKey('queued', at(-86_400_000), ID),
  ]
  expect(keys.toSorted()).toEqual(keys)
})
