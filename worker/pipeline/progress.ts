export const PHASES = ['load', 'encode-image', 'denoise', 'decode', 'encode-video'] as const
export type Phase = (typeof PHASES)[number]

/** `step` of `steps` of a phase are done. */
export interface Progress {
  readonly phase: Phase
  readonly step: number
  readonly steps: number
  /**
   * Sent between two steps: a session's first run begins. It takes longer than the later ones. On a card cuDNN plans
   * each convolution, which may take a minute, and ONNX Runtime's arena grows.
   */
  readonly firstRun?: true
}
