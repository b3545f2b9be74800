import type { DatabaseSync } from 'node:sqlite'
import type { FeedRecord } from './object-feed.ts'

/** Keeps the keys of the feed with that name in the records of a data folder. */
export const persistentKeys = (records: DatabaseSync, feed: string): FeedRecord => {
  const note = records.prepare('INSERT OR REPLACE INTO waiting (feed, key, place) VALUES (?, ?, ?)')
  const settle = records.prepare('DELETE FROM waiting WHERE feed = ? AND key = ? AND place <= ?')
  const left = records.prepare('SELECT key, place FROM waiting WHERE feed = ? ORDER BY place').all(feed)
  return {
    left: left.map(({ key, place }) => ({ key: String(key), place: Number(place) })),
    note: (key, place) => void note.run(feed, key, place),
    settle: (key, place) => void settle.run(feed, key, place),
  }
}
