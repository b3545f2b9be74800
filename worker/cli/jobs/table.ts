import { ENDED_KINDS } from '../../../shared/contracts/index-entry.ts'
import { warningsOf } from '../../../shared/contracts/result-record.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import { JOB_STATES } from '../../../shared/contracts/status-record.ts'
import { parameterText, varyingParameters } from '../../client/contact-sheet/parameter-differences.ts'
import type { JobStanding } from '../../client/tracking/job-standing.ts'
import type { JobTotals } from '../../client/tracking/job-totals.ts'
import { shortDuration } from '../terminal/duration.ts'
import { type Column, plainTable } from '../terminal/plain-table.ts'
import { counted, shortened } from '../terminal/short-text.ts'

const SHORT_ID = 12
const PICTURE_LENGTH = 32
const DIFFERENCES_LENGTH = 72
/** Longest text of one parameter's value, in characters. The middle of a long list of sigmas is left out. */
const VALUE_LENGTH = 24
const MODEL_DIGITS = 8
const MESSAGE_LENGTH = 60

export const shortId = (jobId: string): string => jobId.slice(0, SHORT_ID)

/** Prefix that all image keys have, with the folder that `svd submit` generates. */
const SAYS_NOTHING = /^images\/(\d{8}T\d{6}Z-[0-9a-f]{6}\/)?/

/** Key of an image without that prefix, shortened. */
export const pictureText = (sourceKey: string): string =>
  shortened(sourceKey.replace(SAYS_NOTHING, ''), PICTURE_LENGTH)

export const progressText = ({ state, phase, step, steps }: JobStanding): string =>
  state === 'rendering' && phase !== null ? `${phase} ${step}/${steps}` : ''

/** Model of a job that has ended; `null` for other jobs, because only the result record names it. */
const modelText = ({ result }: JobStanding): string | null =>
  result === null ? null : `${result.job.model.id} ${result.job.model.sha256.slice(0, MODEL_DIGITS)}`

/** Parameters in which a job differs from others of its image in the table: `seed 1, fps 12`. */
const differencesAmong = (standings: readonly JobStanding[]): ((standing: JobStanding) => string) => {
  const byPicture = Map.groupBy(standings, ({ image }) => image.pixels_sha256)
  return (standing) => {
    const jobs = byPicture.get(standing.image.pixels_sha256) ?? []
    const models = new Set(jobs.flatMap((job) => modelText(job) ?? []))
    const model = models.size > 1 ? modelText(standing) : null
    const texts = varyingParameters(jobs.map((job) => job.parameters)).map(
      (name) => `${name} ${shortened(parameterText(name, standing.parameters), VALUE_LENGTH)}`,
    )
    return shortened([...(model === null ? [] : [`model ${model}`]), ...texts].join(', '), DIFFERENCES_LENGTH)
  }
}

const columns = (standings: readonly JobStanding[], now: Date): readonly Column<JobStanding>[] => [
  { head: 'JOB', text: ({ jobId }) => shortId(jobId) },
  { head: 'STATE', text: ({ state }) => state },
  { head: 'PICTURE', text: ({ image }) => pictureText(image.source_key) },
  { head: 'DIFFERS IN', text: differencesAmong(standings) },
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

export const jobTable = (standings: readonly JobStanding[], now: Date): string =>
  plainTable(columns(standings, now), standings)

/** `312 jobs: 10 not done, 300 succeeded, 2 failed`. */
export const totalsText = ({ jobs, notDone, ...ended }: JobTotals): string => {
  const states = [['not done', notDone], ...ENDED_KINDS.map((kind) => [kind, ended[kind]] as const)] as const
  const counts = states.flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`]))
  return `${counted(jobs, 'job')}: ${counts.join(', ')}`
}

/** States in the order of a job's life. */
const STATES: readonly JobStanding['state'][] = [...JOB_STATES, 'lost']

const hasWarnings = ({ result }: JobStanding): boolean => result !== null && warningsOf(result).length > 0

/** `3 queued, 1 rendering, 12 succeeded (2 with warnings)`, in the order of a job's life. */
export const countStates = (standings: readonly JobStanding[]): string =>
  STATES.flatMap((state) => {
    const having = standings.filter((standing) => standing.state === state)
    const warned = having.filter(hasWarnings).length
    if (having.length === 0) return []
    return [`${having.length} ${state}${warned === 0 ? '' : ` (${warned} with warnings)`}`]
  }).join(', ')

/** `12 wait for a worker with the model svd-xt (0123456789ab)`, a line for each model. */
export const waitingForModels = (standings: readonly JobStanding[]): readonly string[] => {
  const models = standings.flatMap(({ waitsForModel }) => waitsForModel ?? [])
  const groups = Map.groupBy(models, ({ id, sha256 }) => `${id} (${sha256.slice(0, SHORT_ID)})`)
  return [...groups].map(
    ([model, { length }]) =>
      `${length} wait${length === 1 ? 's' : ''} for a worker with the model ${safeText(model)}`,
  )
}
