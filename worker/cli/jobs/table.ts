import { ENDED_KINDS } from '../../../shared/contracts/index-entry.ts'
import { warningsOf } from '../../../shared/contracts/result-record.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import { JOB_STATES } from '../../../shared/contracts/status-record.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import type { JobTotals } from '../../client/tracking/job-totals.ts'
import { parameterText, varyingParameters } from '../../client/tracking/parameter-differences.ts'
import { shortDuration } from '../terminal/duration.ts'
import { type Column, plainTable } from '../terminal/plain-table.ts'
import { counted, shortened } from '../terminal/short-text.ts'

const SHORT_ID = 12
const IMAGE_LENGTH = 32
const DIFFERENCES_LENGTH = 72
/** Longest text of one parameter's value, in characters. The middle of a long list of sigmas is left out. */
const VALUE_LENGTH = 24
const MODEL_DIGITS = 8
const MESSAGE_LENGTH = 60

export const shortId = (jobId: string): string => jobId.slice(0, SHORT_ID)

/** Prefix that all image keys have, with the folder that `svd submit` generates. */
const SAYS_NOTHING = /^images\/(\d{8}T\d{6}Z-[0-9a-f]{6}\/)?/

/** Key of an image without that prefix, shortened. */
export const imageText = (sourceKey: string): string =>
  shortened(sourceKey.replace(SAYS_NOTHING, ''), IMAGE_LENGTH)

export const progressText = ({ state, phase, step, steps }: JobStatus): string =>
  state === 'rendering' && phase !== null ? `${phase} ${step}/${steps}` : ''

/** Model of a job that has ended; `null` for other jobs, because only the result record names it. */
const modelText = ({ result }: JobStatus): string | null =>
  result === null ? null : `${result.job.model.id} ${result.job.model.sha256.slice(0, MODEL_DIGITS)}`

/** Parameters in which a job differs from others of its image in the table: `seed 1, fps 12`. */
const differencesAmong = (statuses: readonly JobStatus[]): ((status: JobStatus) => string) => {
  const byImage = Map.groupBy(statuses, ({ image }) => image.pixels_sha256)
  return (status) => {
    const jobs = byImage.get(status.image.pixels_sha256) ?? []
    const models = new Set(jobs.flatMap((job) => modelText(job) ?? []))
    const model = models.size > 1 ? modelText(status) : null
    const texts = varyingParameters(jobs.map((job) => job.parameters)).map(
      (name) => `${name} ${shortened(parameterText(name, status.parameters), VALUE_LENGTH)}`,
    )
    return shortened([...(model === null ? [] : [`model ${model}`]), ...texts].join(', '), DIFFERENCES_LENGTH)
  }
}

const columns = (statuses: readonly JobStatus[], now: Date): readonly Column<JobStatus>[] => [
  { head: 'JOB', text: ({ jobId }) => shortId(jobId) },
  { head: 'STATE', text: ({ state }) => state },
  { head: 'IMAGE', text: ({ image }) => imageText(image.source_key) },
  { head: 'DIFFERS IN', text: differencesAmong(statuses) },
  { head: 'PROGRESS', text: progressText },
  { head: 'ATTEMPT', align: 'right', text: ({ attempt }) => (attempt === 0 ? '' : String(attempt)) },
  {
    head: 'UPDATED',
    align: 'right',
    text: ({ updatedAt }) =>
      `${shortDuration(Math.max(0, (now.getTime() - Date.parse(updatedAt)) / 1000))} ago`,
  },
  {
    head: 'MESSAGE',
    text: ({ message }) => shortened((message ?? '').replaceAll(/\s+/g, ' '), MESSAGE_LENGTH),
  },
]

export const jobTable = (statuses: readonly JobStatus[], now: Date): string =>
  plainTable(columns(statuses, now), statuses)

/** `312 jobs: 10 not done, 300 succeeded, 2 failed`. */
export const totalsText = ({ jobs, notDone, ...ended }: JobTotals): string => {
  const states = [['not done', notDone], ...ENDED_KINDS.map((kind) => [kind, ended[kind]] as const)] as const
  const counts = states.flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`]))
  return `${counted(jobs, 'job')}: ${counts.join(', ')}`
}

/** States in the order of a job's life. */
const STATES: readonly JobStatus['state'][] = [...JOB_STATES, 'lost']

const hasWarnings = ({ result }: JobStatus): boolean => result !== null && warningsOf(result).length > 0

/** `3 queued, 1 rendering, 12 succeeded (2 with warnings)`, in the order of a job's life. */
export const countStates = (statuses: readonly JobStatus[]): string =>
  STATES.flatMap((state) => {
    const having = statuses.filter((status) => status.state === state)
    const warned = having.filter(hasWarnings).length
    if (having.length === 0) return []
    return [`${having.length} ${state}${warned === 0 ? '' : ` (${warned} with warnings)`}`]
  }).join(', ')

/** `12 wait for a worker with the model svd-xt (0123456789ab)`, a line for each model. */
export const waitingForModels = (statuses: readonly JobStatus[]): readonly string[] => {
  const models = statuses.flatMap(({ waitsForModel }) => waitsForModel ?? [])
  const groups = Map.groupBy(models, ({ id, sha256 }) => `${id} (${sha256.slice(0, SHORT_ID)})`)
  return [...groups].map(
    ([model, { length }]) =>
      `${length} wait${length === 1 ? 's' : ''} for a worker with the model ${safeText(model)}`,
  )
}
