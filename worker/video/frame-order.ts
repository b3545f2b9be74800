/**
 * Positions of the rendered frames in the order in which a clip shows them. A loop goes there and back; it ends one frame
 * before the first, so that no frame is shown twice in a row: `0 1 2 3 2 1`.
 */
export const frameOrder = (frameCount: number, loop: boolean): readonly number[] => {
  const there = Array.from({ length: frameCount }, (_, index) => index)
  return loop ? [...there, ...there.slice(1, -1).reverse()] : there
}
