import type { InputFault } from '../contracts/input-fault.ts'
import { MAX_JOBS } from '../contracts/manifest.ts'
import {
  RENDER_ARGUMENT_NAMES,
  type RenderArgumentName,
  type RenderArguments,
  readRenderArguments,
  renderArgumentRule,
} from '../contracts/render-arguments.ts'
import { shownValue } from '../contracts/shown-value.ts'
import { clipCountRule, type WorkLimits } from '../contracts/work-limits.ts'
import type { JsonObject } from './read-fields.ts'

interface GridAxis {
  /** Name as the user finds it: `items[3].grid.fps`. */
  readonly field: string
  /** Values of this axis, each as the only argument of its own object. */
  readonly choices: readonly RenderArguments[]
}

/** Axes by parameter, in the order given. */
export type Grid = ReadonlyMap<RenderArgumentName, GridAxis>

export const NO_GRID: Grid = new Map()

const argumentNamed = (name: string): RenderArgumentName | undefined =>
  RENDER_ARGUMENT_NAMES.find((argument) => argument === name)

const readAxis = (
  name: RenderArgumentName,
  values: unknown,
  field: string,
): GridAxis & { readonly faults: readonly InputFault[] } => {
  if (!Array.isArray(values) || values.length === 0) {
    const message = `got ${shownValue(values)}; must be a list of values, each ${renderArgumentRule(name)}`
    return { field, choices: [], faults: [{ field, message }] }
  }
  if (values.length > MAX_JOBS) {
    const message = `has ${values.length} values; a manifest makes at most ${MAX_JOBS} clips`
    return { field, choices: [], faults: [{ field, message }] }
  }
  const read = values.map((value, index) =>
    readRenderArguments({ [name]: value }, () => `${field}[${index}]`),
  )
  return { field, choices: read.map(({ values }) => values), faults: read.flatMap(({ faults }) => faults) }
}

export const readGrid = (
  given: JsonObject,
  spell: (name: string) => string,
): { readonly grid: Grid; readonly faults: readonly InputFault[] } => {
  const grid = new Map<RenderArgumentName, GridAxis>()
  const faults: InputFault[] = []
  for (const [name, values] of Object.entries(given)) {
    const argument = argumentNamed(name)
    if (argument === undefined) {
      faults.push(...readRenderArguments({ [name]: values }, spell).faults)
      continue
    }
    // As if it were not there, so that the manifest's own list holds.
    if (values === null) continue
    const axis = readAxis(argument, values, spell(name))
    faults.push(...axis.faults)
    grid.set(argument, axis)
  }
  return { grid, faults }
}

/** Count of combinations; 1 without a grid. */
export const gridSize = (grid: Grid): number =>
  [...grid.values()].reduce((product, { choices }) => product * choices.length, 1)

/** Fault of a grid that alone makes more clips than a manifest may. Call it before the grid is expanded. */
export const gridSizeFaults = (
  grid: Grid,
  field: string,
  limits: Pick<WorkLimits, 'maxManifestClips'>,
): readonly InputFault[] => {
  const size = gridSize(grid)
  if (size <= limits.maxManifestClips) return []
  return [{ field, message: `makes ${size} clips; ${clipCountRule(limits)}` }]
}

/** Every combination, the last parameter running fastest. */
export const combinationsOf = (grid: Grid): readonly RenderArguments[] =>
  [...grid.values()].reduce<readonly RenderArguments[]>(
    (combinations, { choices }) =>
      combinations.flatMap((combination) => choices.map((choice) => ({ ...combination, ...choice }))),
    [{}],
  )
