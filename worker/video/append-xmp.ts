import { appendFile } from 'node:fs/promises'

/** Extended type of the box that holds XMP in files of the ISO base media format. */
const XMP_BOX = Buffer.from('BE7ACFCB97A942E89C71999491E3AFAC', 'hex')
const HEADER_BYTES = 8

/**
 * Appends an XMP packet to an MP4, as a `uuid` box at the top level. A box behind the others moves no data, so the
 * index of the file stays valid.
 */
export const appendXmp = async (file: string, packet: string): Promise<void> => {
  const content = Buffer.from(packet, 'utf8')
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(HEADER_BYTES + XMP_BOX.length + content.length)
  header.write('uuid', 4, 'latin1')
  await appendFile(file, Buffer.concat([header, XMP_BOX, content]))
}
