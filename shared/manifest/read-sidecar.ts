import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import { MAX_SIDECAR_BYTES, SCHEMA_FIELD, SIDECAR_FIELDS } from '../contracts/manifest.ts'
import { readRenderArguments } from '../contracts/render-arguments.ts'
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

const read = (object: JsonObject, limits: Pick<WorkLimits, 'maxManifestClips'>): Sidecar => {
  const { values, faults } = readFields(object, FIELDS, { spell, parametersIn: 'parameters' })
  const parameters = readRenderArguments(values.parameters ?? {}, spellParameter)
  const { grid, faults: gridFaults } = readGrid(values.grid ?? {}, (name) => spell(`grid.${name}`))
  const { context, faults: contextFaults } = readContext(values.context, spell('context'))
  return {
    parameters: { values: parameters.values, spell: spellParameter },
    grid,
    group: values.group ?? null,
    context,
    faults: [
      ...faults,
      ...parameters.faults,
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
