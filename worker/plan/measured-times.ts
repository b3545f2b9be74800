import type { GpuName } from '../../shared/fleet/gpus.ts'

/** The properties of a clip that its seconds depend on. */
export interface TimedClip {
  /** Parameters of the UNet, which tell its widths: 1,524,623,082 for SVD and SVD-XT. */
  readonly unetParameters: number
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly numFrames: number
  readonly steps: number
  readonly guidance: boolean
  readonly decodeChunk: number
  readonly precision: 'fp16' | 'fp32'
}

/** A time that this project measured on a card. It wins over what is counted. */
export interface MeasuredTime {
  readonly card: GpuName
  readonly clip: TimedClip
  /** Networks alone, of a clip in the middle of a batch: `device_seconds` of its result.json. */
  readonly secondsPerClip: number
  /** NVIDIA's driver, such as 580.126. */
  readonly driver: string
  readonly versions: { readonly onnxruntime: string; readonly cuda: string; readonly cudnn: string }
  /** Commit of svd-batch. */
  readonly commit: string
}

/** Nothing has been measured yet. */
export const MEASURED_TIMES: readonly MeasuredTime[] = []

/** The last entry for this very clip on this card; `null` if there is none. */
export const measuredTimeOf = (
  times: readonly MeasuredTime[],
  card: GpuName,
  clip: TimedClip,
): MeasuredTime | null => {
  const fields = Object.keys(clip) as readonly (keyof TimedClip)[]
  return (
    times.findLast(
      (time) => time.card === card && fields.every((field) => time.clip[field] === clip[field]),
    ) ?? null
  )
}
