export const PHASES = ['load', 'encode-image', 'denoise', 'decode', 'encode-video'] as const
export type Phase = (typeof PHASES)[number]

/** `step` of `steps` of a phase are done. */
export interface Progress {
  readonly phase: Phase
  readonly step: number
  readonly steps: number
}
