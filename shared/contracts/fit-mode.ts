/** How a picture of one shape becomes a clip of another; worker/pipeline/image/fit.ts says how. */
export const FIT_MODES = ['fill', 'crop', 'pad'] as const

export type FitMode = (typeof FIT_MODES)[number]
