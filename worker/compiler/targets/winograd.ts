/*
 * Winograd's F(4, 3) in one dimension: four outputs of a 3-tap convolution from six products instead of twelve. With
 * d six inputs and k three taps, y = A·((G·k) ∘ (B·d)), ∘ element by element (over channels: six matrix products).
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, with their points 0, ±1, ±2, ∞.
 */

export const OUTPUTS = 4
export const PRODUCTS = 6

const B = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
]

const A = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
]

/** [6, 3], row by row. */
export const KERNEL_TRANSFORM: Float32Array<ArrayBuffer> = Float32Array.from(
  [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ].flat(),
)

/** The product whose weight in every output is 1: a bias added to it alone reaches each output once. */
export const BIAS_PRODUCT = 1

export const tilesOf = (length: number): number => Math.ceil(length / OUTPUTS)

/** [6·tiles, length], tile by tile: all tiles' inputs of a line that is padded by one zero on either side. */
export const inputTransform = (length: number): Float32Array<ArrayBuffer> => {
  const tiles = tilesOf(length)
  const matrix = new Float32Array(PRODUCTS * tiles * length)
  for (let tile = 0; tile < tiles; tile++) {
    B.forEach((row, product) => {
      row.forEach((coefficient, tap) => {
        const at = tile * OUTPUTS - 1 + tap
        if (at >= 0 && at < length) matrix[(tile * PRODUCTS + product) * length + at] = coefficient
      })
    })
  }
  return matrix
}

/** [length, 6·tiles]: the outputs of a line from all tiles' products. */
export const outputTransform = (length: number): Float32Array<ArrayBuffer> => {
  const columns = PRODUCTS * tilesOf(length)
  const matrix = new Float32Array(length * columns)
  for (let at = 0; at < length; at++) {
    const tile = Math.floor(at / OUTPUTS)
    A[at % OUTPUTS]?.forEach((coefficient, product) => {
      matrix[at * columns + tile * PRODUCTS + product] = coefficient
    })
  }
  return matrix
}
