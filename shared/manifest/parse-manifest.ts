import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import type { RequestContext } from '../contracts/request-context.ts'
import { shownValue } from '../contracts/shown-value.ts'
import { clipCountRule, type WorkLimits } from '../contracts/work-limits.ts'
import type { FaultLocation } from './fault-list.ts'
import { type ManifestDocument, type ManifestKind, readManifestDocument } from './manifest-document.ts'
import { type ClipTraits, type PlannedClip, planClips } from './plan-clips.ts'
import { gridSize } from './read-grid.ts'
import { type ManifestHeader, type ReadItem, readHeader, readItem } from './read-item.ts'

/** An item that can be rendered, if its image can. */
export interface ManifestItem {
  readonly location: FaultLocation
  /** Field that a fault of its image names: `items[3].image`. */
  readonly imageField: string
  readonly image: string
  readonly group: string | null
  /** Its own; `null`: the manifest's holds. */
  readonly context: RequestContext | null
  /** One for each of its clips. */
  readonly clips: readonly PlannedClip[]
}

export interface LocatedFaults {
  readonly location: FaultLocation
  readonly faults: readonly InputFault[]
}

export interface ParsedManifest {
  /** For items that have none. */
  readonly context: RequestContext | null
  readonly items: readonly ManifestItem[]
  readonly rejected: readonly LocatedFaults[]
}

/** An item and its location in the manifest. */
export interface LocatedItem extends ReadItem {
  readonly location: FaultLocation
  readonly imageField: string
}

const locationOf = (line: number | null): FaultLocation => ({ item: null, line, item_id: null })

/** The second of two items with one id is at fault. */
const idFaults = (items: readonly ReadItem[]): readonly (readonly InputFault[])[] => {
  const first = new Map<string, number>()
  return items.map(({ id }, index) => {
    if (id === null) return []
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, index + 1)
      return []
    }
    return [
      { field: 'id', message: `got ${shownValue(id)}, which item ${before} has too; give each item its own` },
    ]
  })
}

const readItems = (
  document: ManifestDocument,
  header: ManifestHeader,
  limits: WorkLimits,
): readonly LocatedItem[] => {
  const items = document.items.map((written) => readItem(written, header, limits))
  const duplicates = idFaults(items)
  return items.map((item, index) => {
    const { line, prefix } = document.items[index] ?? { line: null, prefix: '' }
    const faults = (duplicates[index] ?? []).map((fault) => ({ ...fault, field: `${prefix}${fault.field}` }))
    return {
      ...item,
      faults: [...item.faults, ...faults],
      location: { item: index + 1, line, item_id: item.id },
      imageField: `${prefix}image`,
    }
  })
}

/** Before anything is expanded. */
const sizeFaults = (items: readonly ReadItem[], limits: WorkLimits): readonly InputFault[] => {
  const clips = items.reduce((sum, { faults, grid }) => sum + (faults.length > 0 ? 0 : gridSize(grid)), 0)
  if (clips <= limits.maxManifestClips) return []
  return [{ field: 'items', message: `make ${clips} clips together; ${clipCountRule(limits)}` }]
}

export interface ReadManifest {
  readonly header: ManifestHeader
  readonly headerLocation: FaultLocation
  /** Faults of what stands for all items, and of all items together. */
  readonly headerFaults: readonly InputFault[]
  readonly items: readonly LocatedItem[]
}

/**
 * A manifest as far as it can be checked without the checkpoint; each item has its own faults.
 *
 * @throws InvalidInputError for what is wrong with the document as a whole.
 */
export const readManifest = (bytes: Uint8Array, kind: ManifestKind, limits: WorkLimits): ReadManifest => {
  const document = readManifestDocument(bytes, kind)
  const header = readHeader(document.header)
  const items = readItems(document, header, limits)
  const headerFaults = [...header.faults, ...sizeFaults(items, limits)]
  return { header, headerLocation: locationOf(document.headerLine), headerFaults, items }
}

/**
 * A manifest's items, planned to the last parameter, and what is wrong with the others. A fault of the document as a
 * whole, or of what stands for all items, rejects all of them. Never throws.
 */
export const parseManifest = (
  bytes: Uint8Array,
  kind: ManifestKind,
  traits: ClipTraits,
  limits: WorkLimits,
): ParsedManifest => {
  let manifest: ReadManifest
  try {
    manifest = readManifest(bytes, kind, limits)
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return { context: null, items: [], rejected: [{ location: locationOf(null), faults: [faultOf(error)] }] }
  }
  const { header, headerLocation, headerFaults } = manifest
  const items: ManifestItem[] = []
  const rejected: LocatedFaults[] = []
  if (headerFaults.length > 0) rejected.push({ location: headerLocation, faults: headerFaults })
  for (const { location, imageField, image, group, context, parameters, grid, faults } of manifest.items) {
    if (faults.length > 0) {
      rejected.push({ location, faults })
    } else if (headerFaults.length === 0) {
      const planned = planClips([header.defaults, parameters], grid, traits, limits)
      if (planned.faults.length > 0) rejected.push({ location, faults: planned.faults })
      else items.push({ location, imageField, image, group, context, clips: planned.clips })
    }
  }
  return { context: header.context, items, rejected }
}
