/** Range from `from` to `to`, exclusive. */
export interface Piece {
  readonly from: number
  readonly to: number
}

/** `total` cut into `count` pieces, as equal as whole numbers allow; `count` is at most `total`. */
export const evenPieces = (total: number, count: number): readonly Piece[] => {
  const cut = (index: number): number => Math.round((index * total) / count)
  return Array.from({ length: count }, (_, index) => ({ from: cut(index), to: cut(index + 1) }))
}
