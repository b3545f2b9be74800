const SECONDS_PER_HOUR = 3600

/** US dollars, to a millionth; null where no price is set. */
export const costOf = (deviceSeconds: number, usdPerHour: number | null): number | null =>
  usdPerHour === null ? null : Math.round((deviceSeconds / SECONDS_PER_HOUR) * usdPerHour * 1e6) / 1e6
