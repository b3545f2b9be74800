/** Three digits where it is short: `0.42 s`, `8.1 s`, `2 min 05 s`, `3 h 20 min`. */
export const formatSeconds = (seconds: number): string => {
  if (seconds < 9.995) return `${seconds.toFixed(seconds < 0.995 ? 2 : 1)} s`
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const two = (value: number): string => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** US dollars with two digits that say something: `$12.40`, `$0.037`, `$0.00012`. */
export const formatDollars = (dollars: number): string => {
  if (dollars === 0) return '$0'
  const digits = dollars >= 0.995 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(dollars)))
  return `$${dollars.toFixed(digits)}`
}

/** `2026-11-24 16:05` of an ISO 8601 time in UTC. The page names the time zone once, for all of its times. */
export const formatTime = (timestamp: string): string => {
  const utc = new Date(timestamp).toISOString()
  return `${utc.slice(0, 10)} ${utc.slice(11, 16)}`
}

export const formatRate = (perHour: number): string =>
  perHour >= 100 ? Math.round(perHour).toLocaleString('en-US') : perHour.toFixed(1)
