/*
 * The time that is left at a steady pace, in units such as steps, clips or jobs:
 *
 *   from ───────────── latest ────── now ────────────────── end
 *     └── msPerUnit ─────┘└── since ──┘└──── secondsLeft ────┘
 *
 * What the marks are differs, and stays with who sets them:
 *
 *   worker/pipeline/pace.ts                    steps of a phase. A first step that warms up does not count
 *   worker/jobs/eta-estimator.ts               a whole render: its phases take unlike times, each with a pace of its own
 *   worker/cli/render/clip-pace.ts             clips of one command, in order. Its start counts until the second clip
 *   worker/client/batches/batch-pace.ts        ends of a batch's jobs, read once. The oldest do not count
 *   worker/client/tracking/batch-progress.ts   parts of jobs, polled: the latest mark is now, since when a part ended is
 *                                              not known
 *   worker/jobs/denoise-speed.ts               no time left: seconds of a pixel, which hold for clips of other sizes
 */

/** The number of units that are done at a time. */
export interface Mark {
  readonly done: number
  readonly atMs: number
}

/** Milliseconds of a unit between two marks; `null` if none was done between them. */
export const msPerUnit = (from: Mark, latest: Mark): number | null =>
  latest.done === from.done ? null : (latest.atMs - from.atMs) / (latest.done - from.done)

export interface UnitsLeft {
  readonly left: number
  readonly msPerUnit: number
  /** Time since the latest unit was done. It is negative where two clocks differ, and counts as zero then. */
  readonly sinceMs: number
}

const LEAST_SECONDS = 1

/**
 * Seconds until the units that are left are done, at least one. It runs down while one unit is being done. A unit that
 * takes longer than the others does not bring the end of the later ones nearer.
 */
export const secondsLeft = ({ left, msPerUnit: each, sinceMs }: UnitsLeft): number =>
  Math.max(LEAST_SECONDS, (left * each - Math.min(Math.max(0, sinceMs), each)) / 1000)
