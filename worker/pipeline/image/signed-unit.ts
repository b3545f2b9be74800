/** Byte v as `2 × v / 255 - 1` in float32, each operation rounded as numpy and PyTorch round it: [256], -1 to 1. */
export const SIGNED_UNIT_OF_BYTE: Float32Array = Float32Array.from(
  { length: 256 },
  (_, byte) => Math.fround(2 * Math.fround(byte / 255)) - 1,
)
