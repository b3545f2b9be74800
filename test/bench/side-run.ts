/** One clip of one side, made by processes that started for it and ended with it. */
export interface SideRun {
  /** From the command's start to its exit. */
  readonly processSeconds: number
  /** CPU time of all its processes, user and system. */
  readonly cpuSeconds: number
  /** diffusers: from_pretrained. svd-batch: checkpoint, graphs, sessions. */
  readonly loadSeconds: number
  /** Image to frames: diffusers' call; for svd-batch with `loadSeconds`, because it opens sessions during the clip. */
  readonly clipSeconds: number
  /** The same without `loadSeconds` on either side. */
  readonly clipAfterLoadSeconds: number
  readonly stepSeconds: number
  readonly decodeSeconds: number
  /** Largest sum over all its processes, sampled. */
  readonly peakBytes: number
  /** Peak resident memory of the process that runs the networks, by the kernel's count. */
  readonly networkProcessPeakBytes: number
  readonly frames: number
  /** The JSON that the side printed. */
  readonly printed: unknown
}

/** Call arguments under the reference's names. */
export type ClipArguments = Readonly<Record<string, number>>

export interface ClipOrder {
  /** Runs diffusers, and measures either side. */
  readonly python: string
  readonly checkpoint: string
  readonly variant: string | null
  readonly image: string
  readonly arguments: ClipArguments
  readonly threads: number
  /** The folder in which svd-batch keeps reordered weights. It is empty before the first run. */
  readonly weightCache: string
}
