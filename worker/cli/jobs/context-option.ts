import { readFile } from 'node:fs/promises'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { RequestContext } from '../../../shared/contracts/request-context.ts'
import { readContextText } from '../../../shared/manifest/read-context.ts'

const NAME = '--context'

const textOf = async (typed: string): Promise<string> => {
  if (!typed.startsWith('@')) return typed
  const file = typed.slice(1)
  return await readFile(file, 'utf8').catch((error: Error) => {
    throw new InvalidInputError(NAME, `got '${typed}', whose file cannot be read: ${error.message}`)
  })
}

/** Reads a context from JSON, or from the file after `@`. Throws InvalidInputError for one that ingest would reject. */
export const readContextOption = async (typed: string): Promise<RequestContext | null> => {
  const { context, faults } = readContextText(await textOf(typed), NAME)
  const [fault] = faults
  if (fault !== undefined) throw new InvalidInputError(fault.field, fault.message)
  return context
}
