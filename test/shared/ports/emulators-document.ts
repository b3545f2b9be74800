import { fileURLToPath } from 'node:url'
import { CAPABILITIES, CAPABILITY_NAMES, type CapabilityName } from './capabilities.ts'
import type { ImplementationName } from './implementation.ts'

export const EMULATORS_DOCUMENT = fileURLToPath(new URL('../../../shared/aws/EMULATORS.md', import.meta.url))

/** A capability as a run observed it, or as a run has to observe it. */
export type Observations = (implementation: ImplementationName, name: CapabilityName) => string | null

/** Those that the observations are of. */
export const VERSIONS = { fauxqs: '2.4.1', moto: '5.2.5' }

const COLUMNS: readonly (readonly [ImplementationName, string])[] = [
  ['memory', 'fake in the tests'],
  ['fauxqs', `fauxqs ${VERSIONS.fauxqs}`],
  ['moto', `moto ${VERSIONS.moto}`],
]

const cellOf = (observed: string | null, aws: string): string => {
  if (observed === null) return '–'
  return observed === aws ? '✓' : `**${observed}**`
}

/** A table in the layout of the formatter. */
const tableOf = ([titles = [], ...rows]: readonly (readonly string[])[]): string => {
  const widths = titles.map((_, column) =>
    Math.max(...[titles, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [titles, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n')
}

export const renderEmulatorsDocument = (observations: Observations): string => {
  const titles = ['', 'AWS, as documented', ...COLUMNS.map(([, title]) => title)]
  const rows = CAPABILITY_NAMES.map((name) => {
    const { aws } = CAPABILITIES[name]
    return [name, aws, ...COLUMNS.map(([implementation]) => cellOf(observations(implementation, name), aws))]
  })
  return `# Where emulators differ from AWS

The contract of the two ports (\`test/shared/ports/*-contract.ts\`) holds on the fakes, on fauxqs and on moto. This is
the rest: what was observed, through the adapters in this folder, where at least one of them differs or where much
depends on it. ✓ is as AWS documents it, – is nothing to observe, bold is otherwise. No adapter knows of it: there is no
branch for any emulator.

Written by \`npm run deviations\` out of a run. The tests fail if an emulator stops deviating, and if this file is not
what a run gives.

${tableOf([titles, ...rows])}

## What follows

- fauxqs is pinned to ${VERSIONS.fauxqs}, because this table is of that version. Its dist-tag \`latest\` has pointed to 1.9.2, of
  the week before, which stores an object of several parts without its bytes: the contract fails on it. A new version
  is taken with the table that \`npm run deviations\` then writes.
- On fauxqs a conditional write is an ordinary one. \`worker/local/conditional-writes.ts\` corrects that for \`svd local\`,
  so that no upload and no result is overwritten there either.
- fauxqs loses keys from a listing of more than 1,000 whose order by locale is not that by bytes. Keys under one prefix
  that are all lower-case hexadecimal of one length, as job ids and the names in the index are, come all and in order. So
  \`svd local\` notifies ingest from the requests that write.
- What fauxqs keeps on disk loses a message that a worker releases, and one that is moved when the process is killed.
  \`worker/local/fauxqs-state.ts\` corrects that for \`svd local --data-dir\`. The contract holds there too. Apart from
  conditional writes, it deviates where fauxqs does.
- A message for fauxqs has to be without characters beyond U+FFFF: escaped in JSON, as \`\\ud83d\\ude00\`.
- A lost lease is not always told: fauxqs says nothing until somebody polls the queue, moto never. Who holds a lease
  keeps its own clock too.
- moto removes by any receipt that a message ever had, so a late worker can remove what another works on. AWS says that
  it "might not be deleted" then: nobody may count on either.
- fauxqs forgets tags of a write. It has no lifecycle rules that would look for them either.
- StartMessageMoveTask is there on AWS only.
`
}
