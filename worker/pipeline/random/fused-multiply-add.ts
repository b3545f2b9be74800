/**
 * a × b + c rounded once to float32, as a CPU's FMA instruction does; a, b and c are float32 values.
 *
 * The product is exact in a double, the sum is not always: a sum that was rounded to the exact middle of two
 * float32 values would then be rounded a second time, to even instead of towards the true value. About one
 * sum in 2^29 needs the correction.
 */
export const fusedMultiplyAdd = (a: number, b: number, c: number): number => {
  const product = a * b
  const sum = product + c
  const rounded = Math.fround(sum)
  const toSum = sum - rounded
  if (toSum === 0) return rounded
  const beyond = sum + toSum
  return Math.fround(beyond) === beyond ? settleTie(product, c, sum, rounded, beyond) : rounded
}

/** `sum` is the middle of the float32 values `rounded` (the even one) and `beyond`: what it lost decides. */
const settleTie = (product: number, c: number, sum: number, rounded: number, beyond: number): number => {
  const partOfC = sum - product
  const lost = product - (sum - partOfC) + (c - partOfC)
  return lost !== 0 && lost > 0 === beyond > rounded ? beyond : rounded
}
