/**
 * Ten steps tuned for Stable Video Diffusion by "Align Your Steps" (Sabour, Fidler, Kreis, 2024, arXiv 2404.14507),
 * as diffusers has them (`AysSchedules["StableDiffusionVideoSigmas"]`). To be used as the `sigmas` of a schedule.
 */
export const ALIGN_YOUR_STEPS_SIGMAS: readonly number[] = [
  700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.0,
]
