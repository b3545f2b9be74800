import { crc32, deflateRawSync } from 'node:zlib'

const DEFLATED = 8
const LOCAL_HEADER_BYTES = 30
const CENTRAL_HEADER_BYTES = 46
const END_BYTES = 22

/** The fields that a local header and one of the central directory share, from `version needed` on. */
const writeFields = (header: Buffer, offset: number, content: Buffer, packed: Buffer, name: Buffer): void => {
  header.writeUInt16LE(20, offset)
  header.writeUInt16LE(DEFLATED, offset + 4)
  header.writeUInt32LE(crc32(content), offset + 10)
  header.writeUInt32LE(packed.length, offset + 14)
  header.writeUInt32LE(content.length, offset + 18)
  header.writeUInt16LE(name.length, offset + 22)
}

/** A zip of files by their paths, deflated, as a wheel is. */
export const aZip = (files: Readonly<Record<string, Buffer>>): Buffer => {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path)
    const packed = deflateRawSync(content)
    const local = Buffer.alloc(LOCAL_HEADER_BYTES)
    local.writeUInt32LE(0x04034b50, 0)
    writeFields(local, 4, content, packed, name)
    const central = Buffer.alloc(CENTRAL_HEADER_BYTES)
    central.writeUInt32LE(0x02014b50, 0)
    writeFields(central, 6, content, packed, name)
    central.writeUInt32LE(offset, 42)
    locals.push(local, name, packed)
    centrals.push(central, name)
    offset += local.length + name.length + packed.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(END_BYTES)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Object.keys(files).length, 8)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
