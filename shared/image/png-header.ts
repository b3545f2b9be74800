const SIGNATURE_BYTES = 8
/** Chunk length and name before its data, checksum after it. */
const CHUNK_HEAD_BYTES = 8
const CHUNK_FRAME_BYTES = 12
const COLOUR_TYPE_OFFSET = 25
const GREY = 0

/** Whether a PNG file's header says greyscale without alpha. */
export const isGreyPng = (bytes: Uint8Array): boolean => bytes[COLOUR_TYPE_OFFSET] === GREY

/** Whether a PNG file says, before its pixels, that it is an animation (APNG: an `acTL` chunk). */
export const isAnimatedPng = (bytes: Uint8Array): boolean => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = new TextDecoder('latin1')
  let offset = SIGNATURE_BYTES
  while (offset + CHUNK_HEAD_BYTES <= bytes.length) {
    const name = text.decode(bytes.subarray(offset + 4, offset + CHUNK_HEAD_BYTES))
    if (name === 'acTL') return true
    if (name === 'IDAT') return false
    offset += CHUNK_FRAME_BYTES + view.getUint32(offset)
  }
  return false
}
