import type { StatusOutput } from '../command-context.ts'

const MINUTE_MS = 60_000

/** Writes the line that `text` returns if a minute has passed since the last one, or since the beginning. */
export type MinuteLines = (text: () => string) => void

/** Lines of progress for a `stream` that is not a terminal, such as a log; none on a terminal, or with `quiet`. */
export const openMinuteLines = (
  stream: StatusOutput,
  { quiet, now = () => performance.now() }: { readonly quiet: boolean; readonly now?: () => number },
): MinuteLines => {
  if (quiet || stream.isTTY === true) return () => {}
  let lastMs = now()
  return (text) => {
    const nowMs = now()
    if (nowMs - lastMs < MINUTE_MS) return
    lastMs = nowMs
    stream.write(`${text()}\n`)
  }
}
