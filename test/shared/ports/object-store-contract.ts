import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  ObjectChangedError,
  type ObjectStore,
  ObjectTooLargeError,
} from '../../../shared/ports/object-store.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import type { Implementation } from './implementation.ts'

const TEXT = { contentType: 'text/plain' }
const ALL = { maxBytes: 2 ** 30 }
/** Above the adapter's part, and not a multiple of it. */
const LARGE_BYTES = 20_000_003

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A body whose parts all differ. */
const aLargeBody = (): Uint8Array => {
  const words = new Uint32Array(Math.ceil(LARGE_BYTES / 4)).map((_, i) => Math.imul(i, 2_654_435_761))
  return new Uint8Array(words.buffer, 0, LARGE_BYTES)
}

const KEYS = [
  'plain.txt',
  'folder/of/a/name.png',
  'with space and  two.png',
  'plus+and&and=and?and#.png',
  'percent%20and%2Fand%.png',
  'quotes\'"and<tags>&amp;.png',
  'ümlaut/日本語/😀.png',
  'cafe\u0301.png',
  'a//b/./c/../d~(1)!*.png',
  'x'.repeat(1024),
]

/** The contract of every implementation. Differences are in object-store-capabilities.ts. */
export const objectStoreContract = (open: () => Implementation): void => {
  describe('an object store', () => {
    let store: ObjectStore
    beforeAll(async () => {
      store = await open().openStore()
    })

    const text = async (key: string): Promise<string | null> => {
      const object = await store.read(key, ALL, unaborted)
      return object === null ? null : new TextDecoder().decode(object.bytes)
    }

    test('returns the bytes, content type and metadata that were put', async () => {
      const metadata = { 'job-id': 'abc', empty: '', Upper: 'Case Kept' }

      const etag = await store.put('put', bytesOf('hello'), { ...TEXT, metadata }, unaborted)

      const object = await store.read('put', ALL, unaborted)
      expect(object).toMatchObject({
        ...{ key: 'put', sizeBytes: 5, contentType: 'text/plain', versionId: null, etag },
        metadata: { 'job-id': 'abc', upper: 'Case Kept' },
        bytes: bytesOf('hello'),
      })
      expect(object?.lastModified).toBeInstanceOf(Date)
    })

    test('describes an object without reading it', async () => {
      await store.put('described', bytesOf('hello'), { ...TEXT, metadata: { a: 'b' } }, unaborted)

      const info = await store.head('described', unaborted)

      const { bytes: _, ...read } = (await store.read('described', ALL, unaborted)) ?? { bytes: null }
      expect(info).toEqual(read)
    })

    test('returns null for an object that does not exist', async () => {
      expect(await store.head('nothing', unaborted)).toBeNull()
      expect(await store.read('nothing', ALL, unaborted)).toBeNull()
    })

    test('stores an empty object', async () => {
      await store.put('empty', new Uint8Array(), TEXT, unaborted)
      expect(await store.read('empty', ALL, unaborted)).toMatchObject({
        sizeBytes: 0,
        bytes: new Uint8Array(),
      })
    })

    test('creates an object that does not exist', async () => {
      expect(await store.create('created', bytesOf('first'), TEXT, unaborted)).toBe(true)
      expect(await text('created')).toBe('first')
    })

    test('overwrites an object with a put, under another etag', async () => {
      const first = await store.put('twice', bytesOf('first'), TEXT, unaborted)
      const second = await store.put('twice', bytesOf('second'), TEXT, unaborted)

      expect(second).not.toBe(first)
      expect(await text('twice')).toBe('second')
    })

    test('replaces an object whose etag is unchanged', async () => {
      const first = await store.put('replaced', bytesOf('first'), TEXT, unaborted)

      const second = await store.replace('replaced', first, bytesOf('second'), TEXT, unaborted)

      expect(second).toBe((await store.head('replaced', unaborted))?.etag)
      expect(await text('replaced')).toBe('second')
    })

    test.each(KEYS)('stores, lists and deletes any key: %s', async (key) => {
      const prefix = key.slice(0, -1)
      await store.put(key, bytesOf('here'), TEXT, unaborted)

      const listed = await Array.fromAsync(store.list(prefix, unaborted))
      const found = { head: await store.head(key, unaborted), read: await store.read(key, ALL, unaborted) }
      await store.delete(key, unaborted)

      expect(listed.map((object) => object.key)).toEqual([key])
      expect(found).toMatchObject({ head: { key }, read: { key, bytes: bytesOf('here') } })
      expect(await store.head(key, unaborted)).toBeNull()
    })

    test('reads an object of maxBytes, and refuses one that is a byte larger', async () => {
      await store.put('capped', new Uint8Array(1000), TEXT, unaborted)

      expect(await store.read('capped', { maxBytes: 1000 }, unaborted)).toMatchObject({ sizeBytes: 1000 })
      const refused = store.read('capped', { maxBytes: 999 }, unaborted)
      await expect(refused).rejects.toThrow(ObjectTooLargeError)
      await expect(refused).rejects.toMatchObject({ sizeBytes: 1000 })
    })

    test('reads an object whose etag matches, and returns null for a missing object', async () => {
      const ifMatch = await store.put('still', bytesOf('same'), TEXT, unaborted)
      expect(await store.read('still', { ...ALL, ifMatch }, unaborted)).toMatchObject({
        bytes: bytesOf('same'),
      })
      expect(await store.read('nothing', { ...ALL, ifMatch }, unaborted)).toBeNull()
    })

    test('reads ranges, of which the last may be shorter, and fails for a missing object', async () => {
      const etag = await store.put('ranged', bytesOf('0123456789'), TEXT, unaborted)
      const range = async (start: number, end: number) =>
        new TextDecoder().decode(await store.readRange('ranged', { start, end, etag }, unaborted))

      expect([await range(0, 1), await range(3, 7), await range(8, 20)]).toEqual(['0', '3456', '89'])
      const gone = store.readRange('nothing', { start: 0, end: 1, etag }, unaborted)
      await expect(gone).rejects.toThrow(ObjectChangedError)
    })

    test('lists all keys under a prefix, over several pages, in order', async () => {
      const keys = Array.from({ length: 33 }, (_, i) => `paged/${String(i).padStart(4, '0')}`)
      await store.put('paged', bytesOf('not under it'), TEXT, unaborted)
      const shuffled = keys.toSorted((a, b) => sha256Of(bytesOf(a)).localeCompare(sha256Of(bytesOf(b))))
      await Promise.all(shuffled.map((key) => store.put(key, bytesOf(key), TEXT, unaborted)))

      const listed = await Array.fromAsync(store.list('paged/', unaborted))

      expect(listed.map(({ key }) => key)).toEqual(keys)
      const { key, sizeBytes, etag } = (await store.head('paged/0007', unaborted)) ?? {}
      expect(listed[7]).toEqual({ key, sizeBytes, etag, lastModified: expect.any(Date) })
      expect(await Array.fromAsync(store.list('nothing/', unaborted))).toEqual([])
    })

    test.each([
      ['that exists', 'after/b', ['after/c', 'after/d']],
      ['that does not exist', 'after/bb', ['after/c', 'after/d']],
      ['beyond the last', 'after/d', []],
      ['before the prefix', 'aft', ['after/a', 'after/b', 'after/c', 'after/d']],
    ])('lists the keys after a key %s', async (_, after, expected) => {
      for (const name of 'dbca') await store.put(`after/${name}`, bytesOf(name), TEXT, unaborted)

      const listed = await Array.fromAsync(store.list('after/', unaborted, after))

      expect(listed.map(({ key }) => key)).toEqual(expected)
    })

    test('deletes an object, and reports no error when it does not exist', async () => {
      await store.put('deleted', bytesOf('x'), TEXT, unaborted)

      await store.delete('deleted', unaborted)
      await store.delete('deleted', unaborted)

      expect(await store.head('deleted', unaborted)).toBeNull()
      expect(await store.create('deleted', bytesOf('again'), TEXT, unaborted)).toBe(true)
    })

    test.each(['bytes', 'a file'])('writes %s of any size, checked by SHA-256', async (form) => {
      const large = aLargeBody()
      const path = join(await temporaryDir(), 'large')
      await writeFile(path, large)
      for (const sizeBytes of [10, LARGE_BYTES]) {
        const bytes = large.subarray(0, sizeBytes)
        const options = { ...TEXT, metadata: { a: 'b' }, sha256: sha256Of(bytes) }

        const etag = await store.put(
          'large',
          form === 'bytes' ? bytes : { path, sizeBytes },
          options,
          unaborted,
        )

        const object = await store.read('large', ALL, unaborted)
        expect(object).toMatchObject({ sizeBytes, etag, contentType: 'text/plain', metadata: { a: 'b' } })
        expect(sha256Of(object?.bytes ?? new Uint8Array())).toBe(options.sha256)
      }
    })

    test('stores tags with objects of any size, and their bytes unchanged', async () => {
      for (const sizeBytes of [10, LARGE_BYTES]) {
        const bytes = aLargeBody().subarray(0, sizeBytes)
        const key = `tagged ${sizeBytes}`
        const options = { ...TEXT, metadata: { a: 'b' }, tags: { 'a kind': 'kept + for=a while' } }

        expect(await store.create(key, bytes, options, unaborted)).toBe(true)

        const object = await store.read(key, ALL, unaborted)
        expect(object).toMatchObject({ sizeBytes, contentType: 'text/plain', metadata: { a: 'b' } })
        expect(sha256Of(object?.bytes ?? new Uint8Array())).toBe(sha256Of(bytes))
      }
    })

    test('refuses a large body that does not match its SHA-256, and changes nothing', async () => {
      const sha256 = sha256Of(bytesOf('something else'))
      const write = store.create('wrong', aLargeBody(), { ...TEXT, sha256 }, unaborted)
      await expect(write).rejects.toThrow(/SHA-256/)
      expect(await store.head('wrong', unaborted)).toBeNull()
    })

    test('refuses a file that is shorter than announced', async () => {
      const path = join(await temporaryDir(), 'short')
      await writeFile(path, 'short')
      const write = store.create('short', { path, sizeBytes: 6 }, TEXT, unaborted)
      await expect(write).rejects.toThrow(/became shorter/)
      expect(await store.head('short', unaborted)).toBeNull()
    })

    test('fails every call with the reason of an aborted signal, and changes nothing', async () => {
      await store.put('kept', bytesOf('kept'), TEXT, unaborted)
      const reason = new Error('draining')
      const signal = AbortSignal.abort(reason)

      const calls = [
        store.head('kept', signal),
        store.read('kept', ALL, signal),
        store.create('aborted', bytesOf('x'), TEXT, signal),
        store.put('kept', bytesOf('x'), TEXT, signal),
        store.delete('kept', signal),
        Array.fromAsync(store.list('', signal)),
      ]

      for (const call of calls) await expect(call).rejects.toBe(reason)
      expect(await text('kept')).toBe('kept')
      expect(await store.head('aborted', unaborted)).toBeNull()
    })
  })
}
