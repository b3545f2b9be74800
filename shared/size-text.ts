const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes in decimal units with three digits: `84.2 kB`, `3.05 GB`. */
export const formatBytes = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const scaled = bytes / 1000 ** power
  // Rounding may carry into the next unit: 999,999 is 1.00 MB, not 1000 kB.
  if (Number(scaled.toPrecision(3)) >= 1000 && power < UNITS.length - 1) return `1.00 ${UNITS[power + 1]}`
  const digits = power === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(scaled)))
  return `${scaled.toFixed(digits)} ${UNITS[power]}`
}

/** 1234567 as `1,234,567`, whatever the user's locale. */
export const formatCount = (count: number): string => count.toLocaleString('en-US')

/** FLOPs as TFLOPs; four digits for small ones. */
export const formatTera = (flops: number): string =>
  flops < 1e12 ? String(Number((flops / 1e12).toPrecision(4))) : (flops / 1e12).toFixed(2)
