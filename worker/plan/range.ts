/** Between a best and a worst case, of whatever the name says. */
export interface Range {
  readonly low: number
  readonly high: number
}

export const rangeOf = (low: number, high: number): Range => ({ low, high })

export const mapRange = ({ low, high }: Range, change: (value: number) => number): Range =>
  rangeOf(change(low), change(high))

export const addRanges = (...ranges: readonly Range[]): Range =>
  rangeOf(
    ranges.reduce((total, { low }) => total + low, 0),
    ranges.reduce((total, { high }) => total + high, 0),
  )
