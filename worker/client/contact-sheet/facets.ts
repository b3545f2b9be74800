import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import { type ParameterName, parameterText, varyingParameters } from '../tracking/parameter-differences.ts'
import type { SheetJob } from './sheet-job.ts'

/** Something in which the jobs of a page differ, by which they are sorted and filtered. */
export interface Facet {
  /** Name of the parameter; `size` for width and height. */
  readonly name: string
  /** Values of the page's jobs, in order. */
  readonly values: readonly string[]
}

const SIZE = 'size'
const SIZE_PARAMETERS: readonly ParameterName[] = ['width', 'height']

const nameOf = (parameter: ParameterName): string => (SIZE_PARAMETERS.includes(parameter) ? SIZE : parameter)

const textOf = (name: string, parameters: ParametersDocument): string =>
  name === SIZE
    ? `${parameters.width}×${parameters.height}`
    : parameterText(name as ParameterName, parameters)

const inOrder = (values: ReadonlySet<string>): readonly string[] =>
  [...values].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))

/** Facets of the parameters that are not the same in all jobs. */
export const facetsOf = (jobs: readonly SheetJob[]): readonly Facet[] => {
  const parameters = jobs.map(({ status }) => status.parameters)
  const names = new Set(varyingParameters(parameters).map(nameOf))
  return [...names].map((name) => ({
    name,
    values: inOrder(new Set(parameters.map((job) => textOf(name, job)))),
  }))
}

/** Position of a job's value in each facet, as JSON, for the page's script. */
export const facetData = (facets: readonly Facet[], parameters: ParametersDocument): string =>
  JSON.stringify(
    Object.fromEntries(facets.map(({ name, values }) => [name, values.indexOf(textOf(name, parameters))])),
  )
