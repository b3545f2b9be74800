import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import { MAX_SIDECAR_BYTES, SCHEMA_FIELD, SIDECAR_FIELDS } from '../contracts/manifest.ts'
import {
  argumentLike,
  RENDER_ARGUMENT_NAMES,
  type ReadArguments,
  readRenderArguments,
} from '../contracts/render-arguments.ts'
import type { RequestContext } from '../contracts/request-context.ts'
import { shownValue } from '../contracts/shown-value.ts'
import type { WorkLimits } from '../contracts/work-limits.ts'
import { type JsonLimits, parseStrictJson } from '../json/strict-json.ts'
import { decodeUtf8 } from '../json/utf8-text.ts'
import type { ArgumentLayer } from './plan-clips.ts'
import { readContext } from './read-context.ts'
import { isJsonObject, type JsonObject, readFields, readLater } from './read-fields.ts'
import { type Grid, gridSizeFaults, NO_GRID, readGrid } from './read-grid.ts'

const FIELDS = {
  ...SCHEMA_FIELD,
  ...SIDECAR_FIELDS,
  parameters: readLater(SIDECAR_FIELDS.parameters),
  grid: readLater(SIDECAR_FIELDS.grid),
  context: readLater(SIDECAR_FIELDS.context),
}

/** As a manifest's item. */
const LIMITS: JsonLimits = {
  maxDepth: 64,
  maxItems: MAX_SIDECAR_BYTES,
  // S3 sends no event for a removal.
  fix: 'correct it, or remove it and upload the image once more to render with the defaults',
}

/** Name that a sidecar's faults begin with in the report of its image. */
export const SIDECAR = 'sidecar'

export interface Sidecar {
  readonly parameters: ArgumentLayer
  readonly grid: Grid
  readonly group: string | null
  readonly context: RequestContext | null
  readonly faults: readonly InputFault[]
}

const spell = (name: string): string => `${SIDECAR}.${name}`
const spellParameter = (name: string): string => spell(`parameters.${name}`)

/** Value for an image without a sidecar. */
export const NO_SIDECAR: Sidecar = {
  parameters: { values: {}, spell: spellParameter },
  grid: NO_GRID,
  group: null,
  context: null,
  faults: [],
}

const parse = (bytes: Uint8Array): JsonObject => {
  const value = parseStrictJson(SIDECAR, decodeUtf8(SIDECAR, bytes), LIMITS)
  if (isJsonObject(value)) return value
  throw new InvalidInputError(
    SIDECAR,
    `got ${shownValue(value)}; must be an object with parameters or a grid`,
  )
}

/** A sidecar's parameters, and its other fields. */
interface SplitSidecar {
  /** Parameters that are written beside the other fields, `{ "fps": 7 }`. */
  readonly beside: JsonObject
  readonly rest: JsonObject
}

/** A mistyped parameter counts as one, unless there are `parameters`. */
const split = (object: JsonObject): SplitSidecar => {
  const maybeMistyped = (object['parameters'] ?? null) === null
  const isParameter = ([name]: [string, unknown]): boolean =>
    RENDER_ARGUMENT_NAMES.some((argument) => argument === name) ||
    (maybeMistyped && !Object.hasOwn(FIELDS, name) && argumentLike(name) !== undefined)
  const entries = Object.entries(object)
  return {
    beside: Object.fromEntries(entries.filter(isParameter)),
    rest: Object.fromEntries(entries.filter((entry) => !isParameter(entry))),
  }
}

const readParameters = ({ beside, rest }: SplitSidecar): ReadArguments & Pick<ArgumentLayer, 'spell'> => {
  const within = rest['parameters'] ?? null
  if (within === null) return { ...readRenderArguments(beside, spell), spell }
  const inParameters = isJsonObject(within)
    ? readRenderArguments(within, spellParameter)
    : { values: {}, faults: [] }
  const twice = Object.keys(beside).map((name) => ({
    field: spell(name),
    message:
      `got ${shownValue(beside[name])} beside ${spell('parameters')}; a sidecar has its arguments in one of the two, ` +
      `so write ${spellParameter(name)}, or write all of them without parameters`,
  }))
  return { ...inParameters, faults: [...twice, ...inParameters.faults], spell: spellParameter }
}

const read = (object: JsonObject, limits: Pick<WorkLimits, 'maxManifestClips'>): Sidecar => {
  const parts = split(object)
  const { values, faults } = readFields(parts.rest, FIELDS, { spell, parametersIn: 'parameters' })
  const { values: parameters, spell: spellOne, faults: parameterFaults } = readParameters(parts)
  const { grid, faults: gridFaults } = readGrid(values.grid ?? {}, (name) => spell(`grid.${name}`))
  const { context, faults: contextFaults } = readContext(values.context, spell('context'))
  return {
    parameters: { values: parameters, spell: spellOne },
    grid,
    group: values.group ?? null,
    context,
    faults: [
      ...faults,
      ...parameterFaults,
      ...gridFaults,
      ...gridSizeFaults(grid, spell('grid'), limits),
      ...contextFaults,
    ],
  }
}

/** Never throws: a sidecar that cannot be read is a fault of its own. */
export const readSidecar = (bytes: Uint8Array, limits: Pick<WorkLimits, 'maxManifestClips'>): Sidecar => {
  try {
    return read(parse(bytes), limits)
  } catch (error) {
    if (error instanceof InvalidInputError) return { ...NO_SIDECAR, faults: [faultOf(error)] }
    throw error
  }
}
