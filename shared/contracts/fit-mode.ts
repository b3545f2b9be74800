/** Ways to make a clip of one shape from an image of another; worker/pipeline/image/fit.ts defines them. */
export const FIT_MODES = ['fill', 'crop', 'pad'] as const

export type FitMode = (typeof FIT_MODES)[number]
