/** RGB24 images for encoding: `solid` colours and reproducible noise. */
export const solidFrame = (
  width: number,
  height: number,
  rgb: readonly [number, number, number],
): Uint8Array => {
  const frame = new Uint8Array(width * height * 3)
  for (let i = 0; i < frame.length; i++) frame[i] = rgb[i % 3] ?? 0
  return frame
}

/** The same for the same seed; every frame differs from its neighbours. */
export const noiseFrames = (count: number, width: number, height: number, seed = 1): Uint8Array[] => {
  let state = seed
  const nextByte = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  }
  return Array.from({ length: count }, () => Uint8Array.from({ length: width * height * 3 }, nextByte))
}
