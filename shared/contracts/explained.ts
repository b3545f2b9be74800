import type { z } from 'zod'

/** Message that zod gives to a refinement without a message of its own. */
const WORDLESS = 'Invalid input'

/** Message that a schema's own refinement gives about a fault, in brackets; empty if there is none. */
export const explained = ({ issues }: z.ZodError): string => {
  const own = issues.find(({ code, message }) => code === 'custom' && message !== WORDLESS)
  return own === undefined ? '' : ` (${own.message})`
}
