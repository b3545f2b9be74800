import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import { type ParameterName, parameterText, varyingParameters } from '../tracking/parameter-differences.ts'
import type { SheetJob } from './sheet-job.ts'

/** Jobs of one image that differ in parameters alone, to be shown side by side; or a single job. */
export interface JobGroup {
  /** Jobs in the order of the swept values. */
  readonly jobs: readonly SheetJob[]
  /** Parameters in which the jobs differ; empty for a single job. */
  readonly swept: readonly ParameterName[]
}

const byValue = (a: unknown, b: unknown): number => {
  const [left, right] = [Number(a), Number(b)]
  return Number.isNaN(left) || Number.isNaN(right) ? 0 : left - right
}

const inOrderOf =
  (swept: readonly ParameterName[]) =>
  (a: SheetJob, b: SheetJob): number => {
    for (const name of swept) {
      const order = byValue(a.status.parameters[name], b.status.parameters[name])
      if (order !== 0) return order
    }
    return 0
  }

const groupOf = (jobs: readonly SheetJob[]): JobGroup => {
  const swept = varyingParameters(jobs.map(({ status }) => status.parameters))
  return { jobs: jobs.toSorted(inOrderOf(swept)), swept }
}

/** Groups of jobs, in the order of their first jobs. Jobs without a difference (of two models, say) are grouped too. */
export const groupSweeps = (jobs: readonly SheetJob[]): readonly JobGroup[] =>
  [...Map.groupBy(jobs, ({ status }) => status.image.pixels_sha256).values()].map(groupOf)

/** Label that distinguishes a job from the others of its sweep: `motion_bucket_id 40`. */
export const sweepLabel = (swept: readonly ParameterName[], parameters: ParametersDocument): string =>
  swept.map((name) => `${name} ${parameterText(name, parameters)}`).join(', ')
