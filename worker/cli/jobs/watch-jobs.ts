import type { Clock } from '../../../shared/clock.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { followBatchPace } from '../../client/tracking/batch-progress.ts'
import { type FollowOptions, followJobs } from '../../client/tracking/follow-jobs.ts'
import { hasEnded, type JobStanding } from '../../client/tracking/job-standing.ts'
import type { StatusOutput, TextOutput } from '../command-context.ts'
import { openLiveText } from '../terminal/live-text.ts'
import { countStates, pictureText, progressText, shortId } from './table.ts'
import { watchLines } from './watch-view.ts'

/** Display of the jobs that a command follows. */
export interface WatchDisplay {
  show(standings: readonly JobStanding[]): void
  end(): void
}

const DEFAULT_ROWS = 24

/** A table that is drawn anew. */
const liveDisplay = (stream: StatusOutput, clock: Pick<Clock, 'elapsedMs'>): WatchDisplay => {
  const text = openLiveText(stream)
  const paceOf = followBatchPace()
  return {
    show(standings) {
      const pace = paceOf(standings, clock.elapsedMs())
      const { rows } = stream as { readonly rows?: number }
      text.draw(watchLines(standings, pace, rows ?? DEFAULT_ROWS))
    },
    end: text.end,
  }
}

/** Display that writes a job each time its key, by `keyOf`, has changed since the last poll. */
const onChange = (
  write: (standing: JobStanding) => void,
  keyOf: (standing: JobStanding) => string,
): WatchDisplay => {
  const last = new Map<string, string>()
  return {
    show(standings) {
      for (const standing of standings) {
        const key = keyOf(standing)
        if (last.get(standing.jobId) === key) continue
        last.set(standing.jobId, key)
        write(standing)
      }
    },
    end() {},
  }
}

const changeLine = (standing: JobStanding): string => {
  const message = standing.message === null ? '' : `: ${standing.message.replaceAll(/\s+/g, ' ')}`
  const progress = progressText(standing)
  return safeText(
    `${standing.updatedAt}  ${shortId(standing.jobId)}  ${pictureText(standing.image.source_key)}  ${progress || standing.state}${message}`,
  )
}

/** Display that writes a line for each change of state or phase. */
export const lineDisplay = (stdout: TextOutput): WatchDisplay =>
  onChange(
    (standing) => stdout.write(`${changeLine(standing)}\n`),
    ({ state, phase, attempt }) => `${state} ${phase} ${attempt}`,
  )

/** Display that writes a line of JSON for each change, also of a step. */
export const jsonLineDisplay = (
  stdout: TextOutput,
  toJson: (standing: JobStanding) => unknown,
): WatchDisplay =>
  onChange(
    (standing) => stdout.write(`${JSON.stringify(toJson(standing))}\n`),
    ({ state, phase, step, attempt }) => `${state} ${phase} ${step} ${attempt}`,
  )

const SILENT: WatchDisplay = { show() {}, end() {} }

/** Display for a command's outputs: a live table on a terminal, else lines; none with `quiet`. */
export const displayFor = (
  { stdout, stderr }: { readonly stdout: TextOutput; readonly stderr: StatusOutput },
  { quiet, clock }: { readonly quiet: boolean; readonly clock: Pick<Clock, 'elapsedMs'> },
): WatchDisplay => (quiet ? SILENT : stderr.isTTY === true ? liveDisplay(stderr, clock) : lineDisplay(stdout))

export interface WatchOptions extends FollowOptions {
  readonly display: WatchDisplay
}

/** Shows jobs until all are done or lost; returns how they ended. */
export const watchJobs = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  { display, ...following }: WatchOptions,
  signal: AbortSignal,
): Promise<readonly JobStanding[]> => {
  let last: readonly JobStanding[] = []
  try {
    for await (const standings of followJobs(outputs, jobIds, following, signal)) {
      last = standings
      display.show(standings)
    }
  } finally {
    display.end()
  }
  return last
}

export const allSucceeded = (standings: readonly JobStanding[]): boolean =>
  standings.every(({ state }) => state === 'succeeded')

export const endLine = (standings: readonly JobStanding[]): string =>
  `${countStates(standings.filter(hasEnded)) || 'no jobs'}\n`
