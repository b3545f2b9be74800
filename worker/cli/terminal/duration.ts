import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const DURATION = /^(\d+(?:\.\d+)?)\s*([smhd])$/

const secondsOf = (text: string): number | null => {
  const [, amount, unit] = DURATION.exec(text.trim()) ?? []
  const unitSeconds = unit === undefined ? undefined : UNIT_SECONDS[unit]
  return amount === undefined || unitSeconds === undefined ? null : Number(amount) * unitSeconds
}

/** `90s`, `15m`, `2h`, `3d` in seconds. Throws InvalidInputError. */
export const parseDuration = (option: string, text: string): number => {
  const seconds = secondsOf(text)
  if (seconds !== null) return seconds
  throw new InvalidInputError(option, `got '${text}'; must be a time such as 90s, 15m, 2h or 3d`)
}

/** So long before `now`, or a date (and time; UTC unless it says otherwise). Throws InvalidInputError. */
export const parseSince = (option: string, text: string, now: Date): Date => {
  const seconds = secondsOf(text)
  if (seconds !== null) return new Date(now.getTime() - seconds * 1000)
  const date = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?$/.test(text) ? `${text.replace(' ', 'T')}` : text
  const parsed = new Date(date.length > 10 && !/(Z|[+-]\d\d:?\d\d)$/.test(date) ? `${date}Z` : date)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(parsed.getTime())) return parsed
  throw new InvalidInputError(
    option,
    `got '${text}'; must be a time such as 90s, 15m, 2h or 3d, or a date such as 2026-11-24 or 2026-11-24T18:00`,
  )
}

const HOUR_SECONDS = 3600

/** In one unit, for columns: `12 s`, `4 min`, `3 h`, `9 d`. */
export const shortDuration = (seconds: number): string => {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * HOUR_SECONDS) return `${Math.round(seconds / HOUR_SECONDS)} h`
  return `${Math.round(seconds / 86_400)} d`
}
