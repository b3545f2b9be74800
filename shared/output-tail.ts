/** Long enough for ffmpeg's or the runtime's whole complaint, short enough to keep for every process. */
export const TAIL_BYTES = 64 * 1024

export interface OutputTail {
  push(chunk: Uint8Array | string): void
  /** The last `TAIL_BYTES` pushed, as text. */
  text(): string
}

/** Keeps the end of what a process says, however much it says. */
export const openOutputTail = (limitBytes: number = TAIL_BYTES): OutputTail => {
  let kept: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      const grown = Buffer.concat([kept, typeof chunk === 'string' ? Buffer.from(chunk) : chunk])
      kept = grown.subarray(Math.max(0, grown.length - limitBytes))
    },
    text: () => kept.toString('utf8'),
  }
}
