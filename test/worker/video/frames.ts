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

/** Smooth colours that move to the right by two pixels a frame, as those of an image do. */
export const movingFrames = (count: number, width: number, height: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => {
    const frame = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const phase = ((x - 2 * index) / width) * Math.PI * 2
        frame.set(
          [128 + 90 * Math.sin(phase), (200 * y) / height + 20, 128 + 90 * Math.cos(phase + y / height)],
          (y * width + x) * 3,
        )
      }
    }
    return frame
  })

/** Peak signal-to-noise ratio of two frames in dB; infinite where they are the same. */
export const framePsnr = (a: Uint8Array, b: Uint8Array): number => {
  if (a.length !== b.length) throw new Error(`frames of ${a.length} and ${b.length} bytes`)
  let sum = 0
  for (const [index, value] of a.entries()) sum += (value - (b[index] ?? 0)) ** 2
  return 10 * Math.log10((255 ** 2 * a.length) / sum)
}
