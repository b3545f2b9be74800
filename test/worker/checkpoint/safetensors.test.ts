import { symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { readSafetensorsHeader, readTensorValues } from '../../../worker/checkpoint/safetensors.ts'
import { aFolder, type TemporaryFolder } from '../../fixtures/checkpoint-folder.ts'
import { encodeLength, encodeRaw, encodeSafetensors } from '../../fixtures/checkpoint-safetensors.ts'

let folder: TemporaryFolder
beforeAll(async () => {
  folder = await aFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

const read = async (bytes: Uint8Array) => readSafetensorsHeader(await folder.write('a.safetensors', bytes))

/** A header with one sound tensor `a` of 12 bytes, changed. */
const changed = (changes: object, dataBytes = 12): Buffer =>
  encodeRaw(
    JSON.stringify({ a: { dtype: 'F16', shape: [2, 3], data_offsets: [0, 12], ...changes } }),
    Buffer.alloc(dataBytes),
  )

const refusal = async (bytes: Uint8Array): Promise<string> => {
  const error = await read(bytes).then(
    () => new Error('nothing was refused'),
    (reason: Error) => reason,
  )
  expect(error).toBeInstanceOf(InvalidInputError)
  return error.message
}

describe('readSafetensorsHeader', () => {
  test('returns dtype, shape, offset and size of each tensor', async () => {
    const bytes = encodeSafetensors(
      {
        a: { dtype: 'F32', shape: [2, 3] },
        b: { dtype: 'BF16', shape: [] },
        c: { dtype: 'F16', shape: [0, 4] },
      },
      { format: 'pt' },
    )
    const tensors = await read(bytes)
    const file = join(folder.dir, 'a.safetensors')
    const dataStart = bytes.length - 26
    expect([...tensors.values()]).toEqual([
      { key: 'a', dtype: 'F32', shape: [2, 3], file, offsetBytes: dataStart, sizeBytes: 24 },
      { key: 'b', dtype: 'BF16', shape: [], file, offsetBytes: dataStart + 24, sizeBytes: 2 },
      { key: 'c', dtype: 'F16', shape: [0, 4], file, offsetBytes: dataStart + 26, sizeBytes: 0 },
    ])
  })

  test('names the file behind a symbolic link', async () => {
    const target = await folder.write('blobs/0123', encodeSafetensors({ a: { dtype: 'F16', shape: [1] } }))
    const link = join(folder.dir, 'link.safetensors')
    await symlink(target, link)
    expect((await readSafetensorsHeader(link)).get('a')?.file).toBe(target)
  })

  test('accepts a header padded with spaces, and tensors listed in any order', async () => {
    const header = `{"b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]},"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}   `
    expect([...(await read(encodeRaw(header, Buffer.alloc(4)))).keys()]).toEqual(['a', 'b'])
  })

  test('reads a tensor whose name is __proto__', async () => {
    const header = '{"__proto__":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
    expect((await read(encodeRaw(header, Buffer.alloc(2)))).get('__proto__')?.sizeBytes).toBe(2)
  })

  test('also returns tensors of integers', async () => {
    const tensors = await read(
      encodeSafetensors({ position_ids: { dtype: 'I64', shape: [1, 5] }, w: { dtype: 'F16', shape: [2] } }),
    )
    expect([...tensors.values()].map(({ key, dtype, sizeBytes }) => [key, dtype, sizeBytes])).toEqual([
      ['position_ids', 'I64', 40],
      ['w', 'F16', 4],
    ])
  })

  test('reports once how many bytes a truncated download has', async () => {
    const whole = encodeSafetensors({ a: { dtype: 'F16', shape: [2] }, b: { dtype: 'F32', shape: [3] } })
    await expect(read(whole.subarray(0, whole.length - 13))).rejects.toThrow(
      /: data: has 3 bytes of the 16 that its header lists; it is truncated: download the file again$/,
    )
  })

  test.each([
    ['an empty file', Buffer.alloc(0), 'has 0 bytes'],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'git lfs pull'],
    [
      'a header of one byte',
      Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(9)]),
      '1 bytes',
    ],
    ['a header longer than the file', encodeRaw('{}').subarray(0, 9).fill(9, 0, 1), 'has 9 bytes'],
    ['a header of 2^64 - 1 bytes', Buffer.alloc(64, 255), '18446744073709551615 bytes'],
    ['a header that is not an object', encodeRaw('[]'), 'begins with "[]"'],
    ['a header that begins with a space', encodeRaw(' {}'), 'begins with " {}"'],
    ['a header that begins with a byte order mark', encodeRaw('\ufeff{}'), 'begins with'],
    ['a header that is not UTF-8', encodeRaw(Uint8Array.of(0x7b, 0xff, 0x7d)), 'not UTF-8'],
    ['a header that is not JSON', encodeRaw('{"a":}'), 'is not JSON'],
    ['a duplicate key', encodeRaw('{"a":{},"a":{}}'), 'has the key "a" twice'],
    ['deep nesting', encodeRaw(`{"a":${'['.repeat(50_000)}`), 'nested more than 3 levels'],
    ['an entry that is not an object', encodeRaw('{"a":7}'), '"a": Invalid input: expected object'],
    [
      'metadata that are not strings',
      encodeRaw('{"__metadata__":{"a":1}}'),
      '"__metadata__": a: Invalid input',
    ],
    ['an unknown field', changed({ strides: [3, 1] }), 'Unrecognized key: "strides"'],
    ['no dtype', changed({ dtype: undefined }), '"a": dtype'],
    ['an unknown dtype', changed({ dtype: 'F17' }), '"a": has the unknown dtype "F17"'],
    ['a dtype named like a property of every object', changed({ dtype: 'constructor' }), 'unknown dtype'],
    [
      'float64',
      changed({ dtype: 'F64', data_offsets: [0, 48] }, 48),
      '"a": has dtype F64; supported: F32, F16, BF16',
    ],
    ['a negative size', changed({ shape: [-2, -3] }), 'shape.0: must not be negative'],
    ['a size that is not whole', changed({ shape: [1.5, 4] }), 'shape.0'],
    ['a size that is null', changed({ shape: [null] }), 'shape.0'],
    ['a size beyond 2^53', changed({ shape: [2 ** 60, 0] }), 'shape.0: must be a whole number below 2^53'],
    [
      'a product of sizes beyond 2^53',
      changed({ shape: [2 ** 50, 2 ** 50] }),
      'has 12 bytes, but F16 of shape',
    ],
    ['nine axes', changed({ shape: [2, 3, 1, 1, 1, 1, 1, 1, 1] }), 'shape: must have at most 8 axes'],
    ['one offset', changed({ data_offsets: [0] }), 'data_offsets'],
    ['a negative offset', changed({ data_offsets: [-12, 0] }), 'data_offsets.0: must not be negative'],
    ['an end before the beginning', changed({ data_offsets: [12, 0] }), '"a": lies at bytes 12 to 0'],
    [
      'an end behind the file',
      changed({ shape: [7], data_offsets: [0, 14] }),
      'has 12 bytes of the 14 that its header lists',
    ],
    [
      'a size that shape and dtype deny',
      changed({ shape: [5] }),
      'has 12 bytes, but F16 of shape [5] needs 10',
    ],
    ['data after the last tensor', changed({}, 13), 'data: has 13 bytes, but the tensors end at 12'],
    ['data before the first tensor', changed({ data_offsets: [1, 13] }, 13), 'begins at byte 1 instead of 0'],
  ])('refuses %s', async (_name, bytes, message) => {
    expect(await refusal(bytes)).toContain(message)
  })

  test('refuses overlapping tensors', async () => {
    const header = {
      a: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
      b: { dtype: 'F16', shape: [2], data_offsets: [2, 6] },
    }
    expect(await refusal(encodeRaw(JSON.stringify(header), Buffer.alloc(6)))).toContain(
      'overlaps the tensor before it',
    )
  })

  test('refuses Infinity, which JSON spells 1e999', async () => {
    const header = '{"a":{"dtype":"F16","shape":[1e999],"data_offsets":[0,12]}}'
    expect(await refusal(encodeRaw(header, Buffer.alloc(12)))).toContain('shape.0')
  })

  test('reports all faults of a header at once', async () => {
    const header = {
      a: { dtype: 'F17', shape: [], data_offsets: [0, 0] },
      b: { dtype: 'F16', shape: [-1], data_offsets: [0, 0] },
    }
    const message = await refusal(encodeRaw(JSON.stringify(header)))
    expect(message).toContain('2 faults')
    expect(message).toContain('"a": has the unknown dtype')
    expect(message).toContain('"b": shape.0')
  })

  test('reports only the first faults of a header that has thousands', async () => {
    const header = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`layer.${i}`, {}]))
    const message = await refusal(encodeRaw(JSON.stringify(header)))
    expect(message).toContain('"layer.0": dtype')
    expect(message.split('\n').length).toBe(22)
  })

  test('refuses a missing file and a folder', async () => {
    await expect(readSafetensorsHeader(join(folder.dir, 'absent'))).rejects.toThrow('is not there')
    await expect(readSafetensorsHeader(folder.dir)).rejects.toThrow('is not a file')
  })
})

describe('a damaged file', () => {
  const sound = encodeSafetensors(
    {
      'conv_in.weight': { dtype: 'F16', shape: [2, 3] },
      'conv_in.bias': { dtype: 'F32', shape: [2] },
      position_ids: { dtype: 'I64', shape: [1, 2] },
    },
    { format: 'pt' },
  )

  /** Expects a valid map or an InvalidInputError. An allocation by a size that the file claims would be another error. */
  const survives = async (bytes: Uint8Array): Promise<void> => {
    try {
      const tensors = await read(bytes)
      for (const { offsetBytes, sizeBytes } of tensors.values()) {
        expect(offsetBytes).toBeGreaterThanOrEqual(10)
        expect(offsetBytes + sizeBytes).toBeLessThanOrEqual(bytes.length)
      }
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError)
    }
  }

  test('with random bytes is refused or read, without a crash', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), survives))
  })

  test('with random text as its header is refused or read', async () => {
    const json = fc.oneof(
      fc.json(),
      fc.string(),
      fc.string().map((text) => `{${text}}`),
    )
    await fc.assert(fc.asyncProperty(json, (text) => survives(encodeRaw(text))))
  })

  test('with random entries in its header is refused or read', async () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 20 }),
      fc.double(),
      fc.maxSafeInteger(),
      fc.constant(null),
    )
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'F64', 'BOOL', 'F8_E4M3'), fc.string()),
        shape: fc.array(number, { maxLength: 10 }),
        data_offsets: fc.array(number, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['dtype', 'shape'] },
    )
    const header = fc.dictionary(fc.oneof(fc.string(), fc.constant('__metadata__')), entry, { maxKeys: 4 })
    await fc.assert(
      fc.asyncProperty(header, fc.nat(64), (value, dataBytes) =>
        survives(encodeRaw(JSON.stringify(value), Buffer.alloc(dataBytes))),
      ),
      { numRuns: 300 },
    )
  })

  test('with flipped bytes is refused or read', async () => {
    const flips = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const bytes = Buffer.from(sound)
        for (const [at, mask] of changes) bytes[at] = bytes[at]! ^ mask
        await survives(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('of a tebibyte is refused if its header exceeds the limit', async () => {
    const path = await folder.write('huge.safetensors', '')
    const length = fc.bigInt({ min: 100_000_001n, max: 2n ** 64n - 1n })
    await fc.assert(
      fc.asyncProperty(length, async (headerBytes) => {
        await writeFile(path, encodeLength(headerBytes))
        await truncate(path, 2 ** 40) // Sparse: takes no space on disk.
        await expect(readSafetensorsHeader(path)).rejects.toThrow(InvalidInputError)
      }),
    )
  })

  test('is refused wherever it was truncated', async () => {
    for (let length = 0; length < sound.length; length++) await refusal(sound.subarray(0, length))
  })
})

describe('readTensorValues', () => {
  test('widens float16 and bfloat16, and returns float32 unchanged', async () => {
    const data = Buffer.alloc(16)
    data.writeUInt16LE(0x3c00, 0)
    data.writeUInt16LE(0xc000, 2)
    data.writeUInt16LE(0x3f80, 4)
    data.writeUInt16LE(0xc049, 6)
    data.writeFloatLE(0.5, 8)
    data.writeFloatLE(-7, 12)
    const entry = (dtype: string, begin: number, end: number) => ({
      dtype,
      shape: [2],
      data_offsets: [begin, end],
    })
    const header = { half: entry('F16', 0, 4), brain: entry('BF16', 4, 8), full: entry('F32', 8, 16) }
    // A header of odd length: tensors of real files are often not aligned.
    const tensors = await read(encodeRaw(`${JSON.stringify(header)} `.padEnd(201), data))
    const values = async (key: string) => [...(await readTensorValues(tensors.get(key)!))]
    expect(await values('half')).toEqual([1, -2])
    expect(await values('brain')).toEqual([1, -3.140625])
    expect(await values('full')).toEqual([0.5, -7])
  })

  test('refuses a file that was truncated after its header was read', async () => {
    const path = await folder.write(
      'shrinking.safetensors',
      encodeSafetensors({ a: { dtype: 'F32', shape: [100] } }),
    )
    const tensor = (await readSafetensorsHeader(path)).get('a')!
    await truncate(path, 100)
    await expect(readTensorValues(tensor)).rejects.toThrow('ends at byte 100; it is truncated')
  })
})
