import { plainTable } from './plain-table.ts'

/** A fact with its name, as one line of a table. */
export type Fact = readonly [name: string, text: string]

/** Prints facts as a table of two columns without a head. */
export const factTable = (facts: readonly Fact[]): string =>
  plainTable<Fact>(
    [
      { head: '', text: ([name]) => name },
      { head: '', text: ([, text]) => text },
    ],
    facts,
  ).replace(/^\n/, '')
