import { plainTable } from './plain-table.ts'

/** A fact with its name; `null`: there is nothing to say. */
export type Fact = readonly [name: string, text: string | number | null]

/** Facts in two columns without heads. Those that are `null` are left out. */
export const factTable = (facts: readonly Fact[]): string =>
  plainTable<Fact>(
    [
      { head: '', text: ([name]) => name },
      { head: '', text: ([, text]) => String(text) },
    ],
    facts.filter(([, text]) => text !== null),
  ).replace(/^\n/, '')
