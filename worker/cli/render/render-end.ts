import { counted } from '../terminal/short-text.ts'

export interface RenderCount {
  /** Clips that the command was asked for. */
  readonly clips: number
  readonly rendered: number
  /** Clips that were there already. */
  readonly skipped: number
  /** Names of the clips that failed, as the user knows them. */
  readonly failed: readonly string[]
}

/** Last line of a command, or empty if all of its clips were rendered: `3 clips: 1 rendered, 1 skipped, 1 failed: b.jpg`. */
export const renderSummary = ({ clips, rendered, skipped, failed }: RenderCount): string => {
  if (clips === 1 || (skipped === 0 && failed.length === 0)) return ''
  const parts = [
    `${rendered} rendered`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
    ...(failed.length === 0 ? [] : [`${failed.length} failed: ${failed.join(', ')}`]),
  ]
  return `${counted(clips, 'clip')}: ${parts.join(', ')}\n`
}

/** Advice by which a user goes on after a stop; empty if no clip is complete, or all are. */
export const resumeAdvice = (
  { clips, rendered, skipped }: RenderCount,
  { metadata }: { readonly metadata: boolean },
): string => {
  const done = rendered + skipped
  if (done === 0 || done >= clips) return ''
  const state = `${done} of ${counted(clips, 'clip')} ${done === 1 ? 'is' : 'are'} complete.`
  return metadata
    ? `${state} Give the same command with --skip-existing to render the others.\n`
    : `${state} --no-metadata leaves no record of them, so the same command renders all again.\n`
}
