import type { IngestFault } from '../contracts/ingest-report.ts'
import type { InputFault } from '../contracts/input-fault.ts'
import { cutText } from '../contracts/shown-value.ts'

/** A report lists so many of each item: the first explain the rest, and a report stays of a size to be read. */
const MAX_FAULTS_LISTED = 10
const MAX_FIELD_CHARACTERS = 200
const MAX_MESSAGE_CHARACTERS = 1_000

/** Location of faults in a manifest. `{ item: null, line: null, item_id: null }` is the document, or an uploaded image. */
export type FaultLocation = Pick<IngestFault, 'item' | 'line' | 'item_id'>

export const NO_ITEM: FaultLocation = { item: null, line: null, item_id: null }

export interface FaultList {
  add(faults: readonly InputFault[], location: FaultLocation): void
  readonly listed: readonly IngestFault[]
  /** Count of faults that are not listed. */
  readonly more: number
}

/** Opens a list of faults. Call `add` once for each location. */
export const openFaultList = (): FaultList => {
  const listed: IngestFault[] = []
  let more = 0
  return {
    add(faults, location) {
      for (const { field, message } of faults.slice(0, MAX_FAULTS_LISTED)) {
        listed.push({
          ...location,
          field: cutText(field, MAX_FIELD_CHARACTERS),
          message: cutText(message, MAX_MESSAGE_CHARACTERS),
        })
      }
      more += Math.max(0, faults.length - MAX_FAULTS_LISTED)
    },
    listed,
    get more() {
      return more
    },
  }
}
