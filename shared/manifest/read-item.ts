import type { InputFault } from '../contracts/input-fault.ts'
import { HEADER_FIELDS, ITEM_FIELDS, SCHEMA_FIELD } from '../contracts/manifest.ts'
import { readRenderArguments } from '../contracts/render-arguments.ts'
import type { RequestContext } from '../contracts/request-context.ts'
import { shownValue } from '../contracts/shown-value.ts'
import type { WorkLimits } from '../contracts/work-limits.ts'
import { imageKeyFault } from './image-key.ts'
import type { WrittenItem } from './manifest-document.ts'
import type { ArgumentLayer } from './plan-clips.ts'
import { readContext } from './read-context.ts'
import { isJsonObject, type JsonObject, readFields, readLater } from './read-fields.ts'
import { type Grid, gridSizeFaults, readGrid } from './read-grid.ts'

const HEADER = {
  ...SCHEMA_FIELD,
  ...HEADER_FIELDS,
  defaults: readLater(HEADER_FIELDS.defaults),
  grid: readLater(HEADER_FIELDS.grid),
  context: readLater(HEADER_FIELDS.context),
}

const ITEM = {
  ...ITEM_FIELDS,
  parameters: readLater(ITEM_FIELDS.parameters),
  grid: readLater(ITEM_FIELDS.grid),
  context: readLater(ITEM_FIELDS.context),
}

export interface ManifestHeader {
  readonly defaults: ArgumentLayer
  readonly grid: Grid
  readonly group: string | null
  /** For items that give none. */
  readonly context: RequestContext | null
  readonly faults: readonly InputFault[]
}

export const readHeader = (header: JsonObject): ManifestHeader => {
  const { values, faults } = readFields(header, HEADER, { spell: (name) => name, parametersIn: 'defaults' })
  const spell = (name: string): string => `defaults.${name}`
  const defaults = readRenderArguments(values.defaults ?? {}, spell)
  const grid = readGrid(values.grid ?? {}, (name) => `grid.${name}`)
  const { context, faults: contextFaults } = readContext(values.context, 'context')
  return {
    defaults: { values: defaults.values, spell },
    grid: grid.grid,
    group: values.group ?? null,
    context,
    faults: [...faults, ...defaults.faults, ...grid.faults, ...contextFaults],
  }
}

/** An item whose fields are sound unless there are faults. */
export interface ReadItem {
  readonly image: string
  readonly id: string | null
  readonly parameters: ArgumentLayer
  /** Its own over the manifest's. */
  readonly grid: Grid
  readonly group: string | null
  /** Its own; `null`: the manifest's holds. */
  readonly context: RequestContext | null
  readonly faults: readonly InputFault[]
}

const imageFaults = (image: string | undefined, field: string): readonly InputFault[] => {
  const message = image === undefined ? null : imageKeyFault(image)
  return message === null ? [] : [{ field, message }]
}

const unreadable = (fault: InputFault, spell: (name: string) => string): ReadItem => ({
  image: '',
  id: null,
  parameters: { values: {}, spell },
  grid: new Map(),
  group: null,
  context: null,
  faults: [fault],
})

export const readItem = (
  { value, fault, line, prefix }: WrittenItem,
  header: ManifestHeader,
  limits: Pick<WorkLimits, 'maxManifestClips'>,
): ReadItem => {
  const spell = (name: string): string => `${prefix}${name}`
  const spellParameter = (name: string): string => spell(`parameters.${name}`)
  if (fault !== null) return unreadable(fault, spellParameter)
  if (!isJsonObject(value)) {
    const field = line === null ? prefix.slice(0, -1) : 'line'
    return unreadable(
      { field, message: `got ${shownValue(value)}; must be an object with an image` },
      spellParameter,
    )
  }
  const { values, faults } = readFields(value, ITEM, { spell, parametersIn: 'parameters' })
  const parameters = readRenderArguments(values.parameters ?? {}, spellParameter)
  const own = readGrid(values.grid ?? {}, (name) => spell(`grid.${name}`))
  const grid = new Map([...header.grid, ...own.grid])
  const { context, faults: contextFaults } = readContext(values.context, spell('context'))
  return {
    image: values.image ?? '',
    id: values.id ?? null,
    parameters: { values: parameters.values, spell: spellParameter },
    grid,
    group: values.group ?? header.group,
    context,
    faults: [
      ...faults,
      ...imageFaults(values.image, spell('image')),
      ...parameters.faults,
      ...own.faults,
      ...contextFaults,
      ...gridSizeFaults(grid, spell('grid'), limits),
    ],
  }
}
