/**
 * Counts a worker's clips that passed their checks without a warning: a worker that makes good clips is to be believed
 * about a bad one.
 */
export interface ClipHistory {
  notePassed(): void
  noteFailed(jobId: string): void
  /** Whether a clip, of any job, has passed since this job's first one failed. */
  hasPassedSinceFailing(jobId: string): boolean
}

export const openClipHistory = (): ClipHistory => {
  let passed = 0
  /** Job → how many clips had passed when its first one failed. */
  const passedBefore = new Map<string, number>()
  return {
    notePassed() {
      passed++
    },
    noteFailed(jobId) {
      if (!passedBefore.has(jobId)) passedBefore.set(jobId, passed)
    },
    hasPassedSinceFailing: (jobId) => passed > (passedBefore.get(jobId) ?? passed),
  }
}
