import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { Leftovers } from '../../../shared/files/remove-leftovers.ts'

/** A line for each file or folder that a killed process left half-written. */
export const leftoverLines = ({ removed, left }: Leftovers): string =>
  [
    ...removed.map((file) => `removed ${file}, which a killed svd left half-written`),
    ...left.map(
      (file) =>
        `warning: ${file} is left half-written by an svd of another machine, container or boot; delete it if that has ended`,
    ),
  ]
    .map((line) => `${safeText(line)}\n`)
    .join('')
