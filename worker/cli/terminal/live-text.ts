import type { StatusOutput } from '../command-context.ts'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
/** Cuts what is longer than a line, instead of wrapping: then every line is one row. */
const NO_WRAP = '\x1b[?7l'
const WRAP = '\x1b[?7h'
const CLEAR_LINE_END = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/** Text on a terminal that is drawn over the one before. */
export interface LiveText {
  draw(lines: readonly string[]): void
  /** Takes the text away, or leaves it, and gives the cursor back. */
  end(): void
}

export const openLiveText = (stream: StatusOutput): LiveText => {
  let rows = 0
  return {
    draw(lines) {
      const start = rows === 0 ? HIDE_CURSOR + NO_WRAP : `\x1b[${rows}A\r`
      stream.write(start + lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('') + CLEAR_BELOW)
      rows = lines.length
    },
    end() {
      if (rows > 0) stream.write(`\x1b[${rows}A\r${CLEAR_BELOW}${WRAP}${SHOW_CURSOR}`)
      rows = 0
    },
  }
}
