import { isDeepStrictEqual } from 'node:util'
import { PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { ObjectChangedError, type ObjectStore } from '../../../shared/ports/object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { acceptance, acceptanceOrError, type Capability } from './capability.ts'

const TEXT = { contentType: 'text/plain' }
const KEY = 'some/key'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const textAt = async (store: ObjectStore, key: string): Promise<string> => {
  const object = await store.read(key, { maxBytes: 2 ** 30 }, unaborted)
  return object === null ? 'nothing' : new TextDecoder().decode(object.bytes)
}

const writtenOrNot = (written: boolean, text: string): string => {
  if (!written) return text === 'first' ? 'refused, nothing changed' : 'refused, but changed'
  return text === 'first' ? 'accepted, but nothing changed' : 'overwritten'
}

const withFirst = async (store: ObjectStore): Promise<string> =>
  store.put(KEY, bytesOf('first'), TEXT, unaborted)

export const OBJECT_STORE_CAPABILITIES = {
  'create where something is': {
    aws: 'refused, nothing changed',
    observe: async ({ openStore }) => {
      const store = await openStore()
      await withFirst(store)
      const written = await store.create(KEY, bytesOf('second'), TEXT, unaborted)
      return writtenOrNot(written, await textAt(store, KEY))
    },
  },
  'create in parts where something is': {
    aws: 'refused, nothing changed',
    observe: async ({ openStore }) => {
      const store = await openStore()
      await withFirst(store)
      const written = await store.create(KEY, new Uint8Array(9 * 2 ** 20), TEXT, unaborted)
      return writtenOrNot(written, (await textAt(store, KEY)).slice(0, 5))
    },
  },
  'eight creators at once': {
    aws: '1 wins',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const creators = Array.from({ length: 8 }, (_, i) =>
        store.create(KEY, bytesOf(`creator ${i}`), TEXT, unaborted),
      )
      const wins = (await Promise.all(creators)).filter((won) => won).length
      return wins === 1 ? '1 wins' : `${wins} win`
    },
  },
  'replace with an outdated etag': {
    aws: 'refused, nothing changed',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const outdated = await store.put(KEY, bytesOf('zeroth'), TEXT, unaborted)
      await withFirst(store)
      const etag = await store.replace(KEY, outdated, bytesOf('second'), TEXT, unaborted)
      return writtenOrNot(etag !== null, await textAt(store, KEY))
    },
  },
  'replace of what was deleted': {
    aws: 'refused, nothing there',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const etag = await withFirst(store)
      await store.delete(KEY, unaborted)
      const written = await store.replace(KEY, etag, bytesOf('second'), TEXT, unaborted)
      return `${written === null ? 'refused' : 'accepted'}, ${await textAt(store, KEY)} there`
    },
  },
  'read with an outdated etag': {
    aws: 'ObjectChangedError',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const ifMatch = await store.put(KEY, bytesOf('zeroth'), TEXT, unaborted)
      await withFirst(store)
      return acceptanceOrError(store.read(KEY, { maxBytes: 100, ifMatch }, unaborted), ObjectChangedError)
    },
  },
  'range with an outdated etag': {
    aws: 'ObjectChangedError',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const etag = await store.put(KEY, bytesOf('zeroth'), TEXT, unaborted)
      await withFirst(store)
      const range = store.readRange(KEY, { start: 1, end: 3, etag }, unaborted)
      return acceptanceOrError(range, ObjectChangedError)
    },
  },
  'body that has not the SHA-256 announced': {
    aws: 'refused, nothing there',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const sha256 = '0'.repeat(64)
      const put = store.put(KEY, bytesOf('something'), { ...TEXT, sha256 }, unaborted)
      const accepted = await acceptance(put)
      return `${accepted}, ${(await store.head(KEY, unaborted)) === null ? 'nothing' : 'something'} there`
    },
  },
  'earlier version of an object': {
    aws: 'kept',
    observe: async ({ openStore }) => {
      const store = await openStore({ versioned: true })
      await withFirst(store)
      const first = await store.head(KEY, unaborted)
      await store.put(KEY, bytesOf('second'), TEXT, unaborted)
      if (first?.versionId == null) return 'no versions'
      const options = { maxBytes: 100, versionId: first.versionId }
      const object = await store.read(KEY, options, unaborted)
      return object !== null && object.etag === first.etag ? 'kept' : 'lost'
    },
  },
  'version of a deletion': {
    aws: 'nothing',
    observe: async ({ openStore }) => {
      const store = await openStore({ versioned: true })
      await withFirst(store)
      const first = await store.head(KEY, unaborted)
      await store.delete(KEY, unaborted)
      if (first?.versionId == null) return 'no versions'
      const current = await store.head(KEY, unaborted)
      const earlier = await store.head(KEY, unaborted, first.versionId)
      return current === null && earlier !== null ? 'nothing' : 'something'
    },
  },
  'order of a listing': {
    aws: 'UTF-8 bytes',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const keys = ['B', 'a', 'a-b', 'a/b', 'aB', 'ab', '\uff5e', '😀']
      await Promise.all(keys.map((key) => store.put(key, bytesOf(key), TEXT, unaborted)))
      const listed = (await Array.fromAsync(store.list('', unaborted))).map(({ key }) => key)
      return listed.join() === keys.join() ? 'UTF-8 bytes' : 'another'
    },
  },
  'listing of several pages': {
    aws: 'all keys, each once',
    observe: async ({ openStore }) => {
      const store = await openStore()
      const keys = Array.from({ length: 25 }, (_, i) => `${i % 2 === 0 ? 'A' : 'a'}${'-/_'[i % 3]}${i}`)
      await Promise.all(keys.map((key) => store.put(key, bytesOf(key), TEXT, unaborted)))
      const listed = (await Array.fromAsync(store.list('', unaborted))).map(({ key }) => key)
      return listed.toSorted().join() === keys.toSorted().join() ? 'all keys, each once' : 'loses keys'
    },
  },
  'tags of a write': {
    aws: 'kept',
    observe: async ({ openStore, readTags }) => {
      const store = await openStore()
      const tags = { 'a kind': 'kept + for/a while', other: '1' }
      await store.create(KEY, bytesOf('small'), { ...TEXT, tags }, unaborted)
      await store.create(`${KEY} in parts`, new Uint8Array(9 * 2 ** 20), { ...TEXT, tags }, unaborted)
      const found = [await readTags(store, KEY), await readTags(store, `${KEY} in parts`)]
      return found.every((one) => one !== null && isDeepStrictEqual({ ...one }, tags)) ? 'kept' : 'forgotten'
    },
  },
  'object of 12 MiB in one request': {
    aws: 'accepted',
    observe: async ({ openStore, endpoint }) => {
      if (endpoint === null) return null
      const { bucket } = await openStore()
      const command = new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: new Uint8Array(12 * 2 ** 20) })
      return acceptance(endpoint.s3.send(command))
    },
  },
  'tags on an object': {
    aws: 'leave its bytes alone',
    observe: async ({ openStore, endpoint }) => {
      if (endpoint === null) return null
      const store = await openStore()
      await withFirst(store)
      const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] }
      await endpoint.s3.send(new PutObjectTaggingCommand({ Bucket: store.bucket, Key: KEY, Tagging }))
      return (await textAt(store, KEY)) === 'first' ? 'leave its bytes alone' : 'replace its bytes'
    },
  },
} satisfies Record<string, Capability>
