import { formatCount } from '../../../shared/size-text.ts'
import type { Range } from '../../plan/range.ts'

/** `22-62`; one number where a reader sees the same at both ends. */
export const formatRange = ({ low, high }: Range, text: (value: number) => string): string =>
  text(low) === text(high) ? text(low) : `${text(low)}-${text(high)}`

/** Two digits, or a whole number from 10 on. */
export const formatShort = (value: number): string =>
  value < 10 ? String(Number(value.toPrecision(2))) : formatCount(Math.round(value))
