import type { z } from 'zod'

/** What zod says of a refinement that says nothing itself. */
const WORDLESS = 'Invalid input'

/** Of a schema that says what is wrong in words of its own: these, in brackets; else nothing. */
export const explained = ({ issues }: z.ZodError): string => {
  const own = issues.find(({ code, message }) => code === 'custom' && message !== WORDLESS)
  return own === undefined ? '' : ` (${own.message})`
}
