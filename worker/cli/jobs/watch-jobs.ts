import type { Clock } from '../../../shared/clock.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { followBatchPace } from '../../client/tracking/batch-progress.ts'
import { type FollowOptions, followJobs } from '../../client/tracking/follow-jobs.ts'
import { hasEnded, type JobStatus } from '../../client/tracking/job-status.ts'
import type { StatusOutput, TextOutput } from '../command-context.ts'
import { openLiveText } from '../terminal/live-text.ts'
import { type MinuteLines, openMinuteLines } from '../terminal/minute-lines.ts'
import { countStates, imageText, progressText, shortId } from './table.ts'
import { batchText, watchLines } from './watch-view.ts'

/** Display of the jobs that a command follows. */
export interface WatchDisplay {
  show(statuses: readonly JobStatus[]): void
  end(): void
}

const DEFAULT_ROWS = 24

/** A table that is drawn anew. */
const liveDisplay = (stream: StatusOutput, clock: Pick<Clock, 'elapsedMs'>): WatchDisplay => {
  const text = openLiveText(stream)
  const paceOf = followBatchPace()
  return {
    show(statuses) {
      const pace = paceOf(statuses, clock.elapsedMs())
      const { rows } = stream as { readonly rows?: number }
      text.draw(watchLines(statuses, pace, rows ?? DEFAULT_ROWS))
    },
    end: text.end,
  }
}

/** Display that writes a job each time its key, by `keyOf`, has changed since the last poll. */
const onChange = (write: (status: JobStatus) => void, keyOf: (status: JobStatus) => string): WatchDisplay => {
  const last = new Map<string, string>()
  return {
    show(statuses) {
      for (const status of statuses) {
        const key = keyOf(status)
        if (last.get(status.jobId) === key) continue
        last.set(status.jobId, key)
        write(status)
      }
    },
    end() {},
  }
}

const changeLine = (status: JobStatus): string => {
  const message = status.message === null ? '' : `: ${status.message.replaceAll(/\s+/g, ' ')}`
  const progress = progressText(status)
  return safeText(
    `${status.updatedAt}  ${shortId(status.jobId)}  ${imageText(status.image.source_key)}  ${progress || status.state}${message}`,
  )
}

/** Most jobs whose every change has a line. Of more, only those that have ended have one. */
const MOST_DETAILED = 4

/** Display that writes a line for each change of state or phase; of many jobs, for each one that has ended. */
const lineDisplay = (stdout: TextOutput): WatchDisplay => {
  const lines = onChange(
    (status) => stdout.write(`${changeLine(status)}\n`),
    ({ state, phase, attempt }) => `${state} ${phase} ${attempt}`,
  )
  return {
    show: (statuses) => lines.show(statuses.length > MOST_DETAILED ? statuses.filter(hasEnded) : statuses),
    end: lines.end,
  }
}

/** Display that writes a line about all jobs a minute. */
const minuteDisplay = (minuteLines: MinuteLines, clock: Pick<Clock, 'elapsedMs'>): WatchDisplay => {
  const paceOf = followBatchPace()
  return {
    show(statuses) {
      const pace = paceOf(statuses, clock.elapsedMs())
      minuteLines(() => batchText(statuses, pace))
    },
    end() {},
  }
}

/** Both displays, one after the other. */
const bothDisplays = (first: WatchDisplay, second: WatchDisplay): WatchDisplay => ({
  show(statuses) {
    first.show(statuses)
    second.show(statuses)
  },
  end() {
    first.end()
    second.end()
  },
})

/** Display that writes a line of JSON for each change, also of a step. */
export const jsonLineDisplay = (stdout: TextOutput, toJson: (status: JobStatus) => unknown): WatchDisplay =>
  onChange(
    (status) => stdout.write(`${JSON.stringify(toJson(status))}\n`),
    ({ state, phase, step, attempt }) => `${state} ${phase} ${step} ${attempt}`,
  )

const SILENT: WatchDisplay = { show() {}, end() {} }

/** Display for a command's outputs: a live table on a terminal, else lines; none with `quiet`. */
export const displayFor = (
  { stdout, stderr }: { readonly stdout: TextOutput; readonly stderr: StatusOutput },
  { quiet, clock }: { readonly quiet: boolean; readonly clock: Pick<Clock, 'elapsedMs'> },
): WatchDisplay => {
  if (quiet) return SILENT
  if (stderr.isTTY === true) return liveDisplay(stderr, clock)
  const minuteLines = openMinuteLines(stderr, { quiet, now: clock.elapsedMs })
  return bothDisplays(lineDisplay(stdout), minuteDisplay(minuteLines, clock))
}

export interface WatchOptions extends FollowOptions {
  readonly display: WatchDisplay
  /** Called with each poll's statuses, after they are shown. */
  readonly onStatuses?: (statuses: readonly JobStatus[]) => Promise<void>
}

/** Shows jobs until all are done or lost; returns how they ended. */
export const watchJobs = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  { display, onStatuses, ...following }: WatchOptions,
  signal: AbortSignal,
): Promise<readonly JobStatus[]> => {
  let last: readonly JobStatus[] = []
  try {
    for await (const statuses of followJobs(outputs, jobIds, following, signal)) {
      last = statuses
      display.show(statuses)
      await onStatuses?.(statuses)
    }
  } finally {
    display.end()
  }
  return last
}

export const allSucceeded = (statuses: readonly JobStatus[]): boolean =>
  statuses.every(({ state }) => state === 'succeeded')

export const endLine = (statuses: readonly JobStatus[]): string =>
  `${countStates(statuses.filter(hasEnded)) || 'no jobs'}\n`
