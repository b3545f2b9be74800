const SECONDS_PER_HOUR = 3600

/** Cost in US dollars, rounded to a millionth; `null` if no price is set. */
export const costOf = (deviceSeconds: number, usdPerHour: number | null): number | null =>
  usdPerHour === null ? null : Math.round((deviceSeconds / SECONDS_PER_HOUR) * usdPerHour * 1e6) / 1e6
