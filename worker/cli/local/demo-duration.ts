import { formatDuration } from '../terminal/progress.ts'

/**
 * Processor time of the whole demo, in seconds: `user` of `time svd demo --no-open` with the checkpoint of commit
 * 69ec144 (five clips of 14 frames at 192x128), on two cores of an AMD EPYC with Node 24.21.0 and ONNX Runtime 1.30.0.
 * Measured on 2026-11-30. Measure it anew when the checkpoint, the photos or their manifest change.
 */
const PROCESSOR_SECONDS = 141
const MEASURED_CORES = 2

/** Sentence that the demo begins with. The time on idle cores is counted from the processor time. */
export const demoDurationText = (cores: number): string => {
  const least = formatDuration(PROCESSOR_SECONDS / MEASURED_CORES)
  return (
    `Its five clips take ${PROCESSOR_SECONDS} s of processor time, as measured on two cores of an AMD EPYC: ${least} or ` +
    `more where two cores are idle. This machine has ${cores}.`
  )
}
