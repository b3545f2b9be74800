const CHARACTERS_OF_XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Body of S3's answer to a request that it refuses. */
export const refusal = (code: string, reason: string): string => {
  const message = reason.replaceAll(/[&<>]/g, (character) => CHARACTERS_OF_XML[character] ?? '')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>\n`
}
