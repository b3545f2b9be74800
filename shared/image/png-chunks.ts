import { crc32 } from 'node:zlib'

/*
 *   PNG     signature (8 bytes) · chunks
 *   chunk   length of the data (4) · name (4) · data · checksum of name and data (4)
 */

const SIGNATURE_BYTES = 8
const HEAD_BYTES = 8
const CHECKSUM_BYTES = 4

const NAME = /^\w{4}$/

export interface PngChunk {
  readonly name: string
  readonly data: Buffer
  /** The file ends before the chunk's checksum does. */
  readonly isCut: boolean
  /** `false` if the checksum does not fit the data. Computed when read. */
  readonly isIntact: boolean
}

/** Chunks in their order, up to and without `IEND`, or up to the first bytes that are not a chunk. */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = SIGNATURE_BYTES
  while (at + HEAD_BYTES <= file.length) {
    const name = file.toString('latin1', at + 4, at + HEAD_BYTES)
    if (name === 'IEND' || !NAME.test(name)) return
    const start = at + HEAD_BYTES
    const end = start + file.readUInt32BE(at)
    const summed = file.subarray(at + 4, end)
    yield {
      name,
      data: file.subarray(start, end),
      isCut: end > file.length,
      get isIntact() {
        return end + CHECKSUM_BYTES <= file.length && crc32(summed) === file.readUInt32BE(end)
      },
    }
    at = end + CHECKSUM_BYTES
  }
}
